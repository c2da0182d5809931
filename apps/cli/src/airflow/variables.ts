import { join } from "node:path";
import type { HarnessEndpoints } from "@topline/local-harness";
import type { LoadedConfig } from "@topline/deployment";
import type { Terminal } from "../terminal.ts";
import { airflowFolder } from "./folder.ts";

export interface AirflowPlace {
  /** `AIRFLOW_HOME`: its database, its configuration, its logs. */
  readonly home: string;
  readonly port: number;
  readonly endpoints: HarnessEndpoints;
  readonly config: LoadedConfig;
  /** Of the state. */
  readonly directory: string;
  /** Of Airflow's programs. */
  readonly programs: string;
}

/** Variables that would lead Airflow, Python or the AWS SDK elsewhere than they are to go. */
const FOREIGN = /^(?:AWS_|AIRFLOW_|PYTHON|VIRTUAL_ENV$|PORT$)/;
/** What a user may say of Airflow: it wins over what is said here. */
const SAID = /^AIRFLOW__/;

const NEAR = "127.0.0.1,localhost";

export const addressOf = (port: number): string => `http://127.0.0.1:${port}`;

/** The environment of Airflow's processes: the harness as AWS, one machine's pace, the DAG at work from the start. */
export function airflowVariables(
  place: AirflowPlace,
  env: Terminal["env"],
): Record<string, string> {
  const given = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const kept = given.filter(([name]) => !FOREIGN.test(name));
  const said = given.filter(([name]) => SAID.test(name));
  const { PATH = "", NO_PROXY = "" } = Object.fromEntries(kept) as Record<string, string>;
  return {
    ...Object.fromEntries(kept),
    PATH: `${place.programs}:${PATH}`,
    NO_PROXY: NO_PROXY === "" ? NEAR : `${NO_PROXY},${NEAR}`,
    no_proxy: NO_PROXY === "" ? NEAR : `${NO_PROXY},${NEAR}`,
    PYTHONUNBUFFERED: "1",
    PYTHONUTF8: "1",
    ...harnessAsAws(place.endpoints),
    ...airflow(place),
    ...topline(place),
    ...Object.fromEntries(said),
  };
}

const harnessAsAws = (endpoints: HarnessEndpoints) => ({
  AIRFLOW_CONN_AWS_DEFAULT: "aws://",
  AWS_ENDPOINT_URL_S3: endpoints.s3,
  AWS_ENDPOINT_URL_GLUE: endpoints.glue,
  AWS_ENDPOINT_URL_LAMBDA: endpoints.lambda,
  AWS_ACCESS_KEY_ID: endpoints.accessKeyId,
  AWS_SECRET_ACCESS_KEY: endpoints.secretAccessKey,
  AWS_DEFAULT_REGION: endpoints.region,
  AWS_EC2_METADATA_DISABLED: "true",
});

function airflow({ home, port }: AirflowPlace) {
  const folder = airflowFolder();
  const address = addressOf(port);
  return {
    AIRFLOW_HOME: home,
    AIRFLOW__CORE__DAGS_FOLDER: join(folder, "dags"),
    AIRFLOW__CORE__PLUGINS_FOLDER: join(folder, "plugins"),
    AIRFLOW__CORE__LOAD_EXAMPLES: "False",
    AIRFLOW__CORE__EXECUTOR: "LocalExecutor",
    AIRFLOW__CORE__PARALLELISM: "4",
    // Only once: a DAG that a person pauses stays so.
    AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION: "False",
    // The address is this machine's own, and nothing here is anybody else's.
    AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS: "True",
    AIRFLOW__CORE__EXECUTION_API_SERVER_URL: `${address}/execution/`,
    AIRFLOW__API__HOST: "127.0.0.1",
    AIRFLOW__API__PORT: String(port),
    AIRFLOW__API__BASE_URL: address,
    AIRFLOW__API__WORKERS: "1",
    // A task that was killed with Airflow is missed this soon when it is back, not after five minutes.
    AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT: "60",
    AIRFLOW__LOGGING__BASE_LOG_FOLDER: join(home, "logs"),
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED: "False",
  };
}

/** On one machine a look costs nothing, and somebody waits. */
const topline = ({ config, directory }: AirflowPlace) => ({
  AIRFLOW__TOPLINE__BUCKET: config.bucket,
  AIRFLOW__TOPLINE__TABLE_PREFIX: config.tablePrefix,
  AIRFLOW__TOPLINE__GLUE_JOB: config.glue.jobName,
  AIRFLOW__TOPLINE__GLUE_LOG: join(directory, "glue", "logs", "{job_run_id}.log"),
  AIRFLOW__TOPLINE__TRANSFORM: config.engine === "glue" ? "glue" : "lambda",
  AIRFLOW__TOPLINE__POLL_SECONDS: "2",
  AIRFLOW__TOPLINE__RETRY_DELAY_SECONDS: "5",
});
