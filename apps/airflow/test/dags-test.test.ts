import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parseConfig } from "../../../packages/core/src/index.ts";
import { openHarness } from "../../../packages/local-harness/src/index.ts";
import { FETCH_MS } from "../../../test/machine/java-classpath.ts";
import { emptyModel } from "../../../test/model/model.ts";
import { describeNeeding } from "../../../test/needs.ts";
import { airflowVariables } from "../../cli/src/airflow/variables.ts";
import { openBucket } from "../../cli/test/bucket.ts";
import { datesOf, dropsOf, expectedTables, type Files, tablesOf } from "../../cli/test/inbox.ts";
import { airflowEnvironment } from "./airflow-environment.ts";
import { airflowState, newestRunId } from "./local-airflow.ts";

/** `airflow dags test`: the DAG once, without a scheduler; the transform as a Glue job on Spark. */

const FILES: Files = {
  "users.csv":
    "user_id,user_name,user_age,user_country,created_at\n1,Ada,36,UK,2024-01-01\n2,,,,\n",
  "songs.csv":
    'track_id,artists,album_name,track_name,duration_ms,track_genre\nt1,"A, B",x,Fünf,200000,pop\nt2,C,y,Two,300000,rock\n',
  "streams/a.csv":
    "user_id,track_id,listen_time\n1,t1,2024-06-25 10:00:00\n2,t2,2024-06-25T23:59:59Z\n2,t9,2024-06-26 00:00:00\n2,t1,never\n",
};

/** Less than Airflow and Spark on cores that may be busy, and their installation at the first time. */
const DAG_MS = 600_000 + FETCH_MS;
const GLUE = JSON.stringify({ transform: "glue", run_date: "2024-06-27", wait_minutes: 0 });

describeNeeding(["java", "python", "uv"], "airflow dags test", ({ python }) => {
  test(
    "takes the files in by Glue, and says the run id all the way",
    async () => {
      await using state = await airflowState();
      const up = state.start("up", "--json");
      await up.spoken;
      await using harness = await openHarness({ stateDirectory: state.directory });
      await using bucket = await openBucket(state);
      for (const [name, content] of Object.entries(FILES)) {
        await bucket.put(`raw-data/${name}`, content);
      }

      const home = join(state.scratch, "airflow");
      await mkdir(home);
      const interpreter = await airflowEnvironment(python);
      const place = {
        home,
        port: 1,
        endpoints: harness.endpoints,
        config: { ...parseConfig({}, "the default"), kpis: [] },
        directory: state.directory,
        programs: dirname(interpreter),
      };
      const env = airflowVariables(place, process.env);
      const airflow = async (...args: string[]) => {
        const options = { env, cwd: home, timeout: DAG_MS, maxBuffer: 1024 ** 3 };
        const said = await promisify(execFile)(join(place.programs, "airflow"), args, options);
        return said.stdout + said.stderr;
      };
      await airflow("db", "migrate");
      const said = await airflow("dags", "test", "topline", "--conf", GLUE);

      const model = emptyModel();
      model.run({ intake: 1n, files: dropsOf(FILES) });
      expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
      expect(await bucket.keys("raw-data/")).toEqual([]);
      expect(await bucket.keys("archive/raw-data/2024-06-27/")).toHaveLength(3);

      const id = await newestRunId(state);
      expect((await state.topline("runs", id, "--json")).json()).toMatchObject({
        engine: expect.stringMatching(/^spark /) as string,
      });
      expect(said).toMatch(new RegExp(`run_id=${id} job_run_id=jr_[0-9a-f]+ started`));
      expect(said.split(`run_id=${id}`).length).toBeGreaterThan(5);
      up.kill("SIGINT");
      expect((await up.finished).code).toBe(0);
    },
    DAG_MS,
  );
});
