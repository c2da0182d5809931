import { once } from "node:events";
import { ToplineError } from "@topline/core";
import { type HarnessContainers, removalOf } from "@topline/local-harness";
import type { Command } from "commander";
import type { LocalAirflow } from "../airflow/index.ts";
import type { HarnessDeployment } from "../deployment.ts";
import { harnessProgress } from "../harness-progress.ts";
import { examples, harnessOf, type Invocation, type Invoke } from "../command.ts";
import { backendOf } from "../settings.ts";

interface Options {
  readonly port?: string;
  readonly reuse?: boolean;
  readonly airflow?: boolean;
  readonly airflowPort?: string;
}

export function addUp(program: Command, invoke: Invoke): void {
  program
    .command("up")
    .summary("start S3, DynamoDB, Glue and Lambda on this machine and keep them running")
    .description(
      "Starts the harness (or joins the one that runs for this state), creates bucket and tables, makes what an orchestrator calls (the steps as Lambda functions, the transform as a Glue job too), prints the endpoints, and stays until Ctrl-C. Any AWS client works against them; credentials are not checked.",
    )
    .option("--port <n>", "the port of S3 (default: any that is free)")
    .option(
      "--airflow",
      "start Airflow as well, with Topline's DAG at work: it runs whenever files arrive",
    )
    .option("--airflow-port <n>", "the port of Airflow's pages and API (default: any that is free)")
    .option("--reuse", "containers that stay, and are taken up again by the next command")
    .addHelpText(
      "after",
      examples(
        "topline up",
        "topline up --port 4566 --json",
        "topline up --airflow --airflow-port 8080",
        "topline up --backend containers --reuse",
      ),
    )
    .action(async (options: Options, command: Command) => {
      const invocation = invoke(command);
      const { output, terminal } = invocation;
      const why =
        "There is nothing to start on the external backend: it is there already. `topline doctor --backend external` looks at it.";
      const s3Port = portOf(options.port);
      const wanted = {
        ...(s3Port === undefined ? {} : { s3Port }),
        ...reuseOf(options, invocation),
      };
      const airflowPort = airflowPortOf(options);
      const settings = { command: "topline up", why, ...wanted };
      await using deployment = await harnessOf(invocation, settings);
      const { endpoints } = deployment;
      const { functions, job } = await deployment.makeOrchestrated();
      if ("lacks" in job) invocation.logger.warn("There is no Glue job", { reason: job.lacks });
      await using airflow =
        options.airflow === true
          ? await startAirflow(invocation, deployment, airflowPort)
          : undefined;
      if (output.isJson) {
        await output.json({ ...endpoints, ...(airflow && { airflow: airflow.address }) });
      } else {
        const lines = {
          S3: `${endpoints.s3} (bucket ${endpoints.bucket}, path style)`,
          DynamoDB: endpoints.dynamodb,
          Glue: endpoints.glue,
          Lambda: endpoints.lambda,
          Functions: functions.join(", "),
          "Glue job": "name" in job ? job.name : `none. ${job.lacks}`,
          ...(airflow && {
            Airflow: `${airflow.address} (no password; DAG topline; logs in ${airflow.logs})`,
          }),
          Region: endpoints.region,
          Credentials: `${endpoints.accessKeyId} / ${endpoints.secretAccessKey} (any are accepted)`,
        };
        for (const [name, value] of Object.entries(lines)) {
          await output.line(`${name.padEnd(12)} ${value}`);
        }
        await output.line(`\nReady. ${whatStays(deployment.containers)}`);
      }
      await untilAborted(deployment.context.signal, airflow);
      if (!terminal.signal.aborted) throw deployment.context.signal?.reason;
    });
}

/** @throws what Airflow was lost by */
async function untilAborted(
  signal: AbortSignal | undefined,
  airflow: LocalAirflow | undefined,
): Promise<void> {
  if (signal === undefined || signal.aborted) return;
  const aborted = once(signal, "abort").then(() => undefined);
  const lost = await Promise.race([aborted, ...(airflow === undefined ? [] : [airflow.lost])]);
  if (lost !== undefined) throw lost;
}

async function startAirflow(
  { terminal, output }: Invocation,
  deployment: HarnessDeployment,
  port: number | undefined,
): Promise<LocalAirflow> {
  using progress = harnessProgress(terminal);
  // Who wants JSON does not look.
  const telling = (message: string) => void (output.isJson || progress.tell(message));
  return await deployment.startAirflow({ port, telling });
}

function whatStays(containers: HarnessContainers | undefined): string {
  if (containers === undefined) return "Ctrl-C stops it; the state is kept.";
  if (containers.areKept) {
    return `Ctrl-C ends this command; the containers stay, with all that is in them. To remove them:\n${removalOf(containers.label)}`;
  }
  return "Ctrl-C stops it; the containers are removed with their last user, and all that is in them.";
}

/** @throws {ToplineError} `USAGE` */
function reuseOf({ reuse }: Options, { options, terminal }: Invocation): Pick<Options, "reuse"> {
  if (reuse === undefined) return {};
  if (backendOf(options, terminal) === "containers") return { reuse };
  throw new ToplineError("USAGE", "--reuse is about containers: add --backend containers.");
}

/** @throws {ToplineError} `USAGE` */
function airflowPortOf({ airflow, airflowPort }: Options): number | undefined {
  if (airflow === true || airflowPort === undefined) return portOf(airflowPort);
  throw new ToplineError("USAGE", "--airflow-port is about Airflow: add --airflow.");
}

/** @throws {ToplineError} `USAGE` */
function portOf(port: string | undefined): number | undefined {
  if (port === undefined) return undefined;
  const number = /^[0-9]{1,5}$/.test(port) ? Number(port) : 0;
  if (number >= 1 && number <= 65_535) return number;
  throw new ToplineError("USAGE", `${JSON.stringify(port)} is no port: a number from 1 to 65535.`);
}
