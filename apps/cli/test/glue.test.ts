import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { startHarness } from "../../../test/backends/harness.ts";
import { equipped } from "../../../test/machine/equipped.ts";
import { describeNeeding } from "../../../test/needs.ts";
import { emptyModel } from "../../../test/model/model.ts";
import { openHarness } from "../../../packages/local-harness/src/index.ts";
import { FETCH_MS } from "../../../test/machine/java-classpath.ts";
import { datesOf, directoryOf, dropsOf, expectedTables, type Files, tablesOf } from "./inbox.ts";
import { newState, newStateIn, type TestState } from "./topline.ts";

/** The engine `glue`, through the command line, on a harness. */

const REFERENCE: Files = {
  "users.csv":
    "user_id,user_name,user_age,user_country,created_at\n1,Ada,36,UK,2024-01-01\n2,,,,\n",
  "songs.csv":
    'track_id,artists,album_name,track_name,duration_ms,track_genre\nt1,"A, B",x,Fünf,200000,pop\nt1,A,x,Fünf,200000,rock\nt2,C,y,Two,300000,rock\nt3,C,y,broken,never,rock\n',
};
const FIRST: Files = {
  "streams/a.csv":
    "user_id,track_id,listen_time\n1,t1,2024-06-25 10:00:00\n1,t1,2024-06-25 10:00:00\n2,t2,2024-06-25T23:59:59Z\n2,t9,2024-06-26 00:00:00\n2,t1,never\n",
};
const SECOND: Files = {
  "streams/b.csv":
    "user_id,track_id,listen_time\n2,t2,2024-06-26 10:00:00\n3,t1,2024-06-25 08:00:00\n",
};

/** Less than Spark on cores that may be busy, and its installation at the first time. */
const JOB_MS = 600_000 + FETCH_MS;

interface Report {
  readonly run_id: string;
  readonly status: string;
  readonly engine: string;
  readonly sources: readonly { readonly quarantined: Readonly<Record<string, number>> }[];
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly log?: string;
}

async function runOver(state: TestState, files: Files, ...args: string[]) {
  const outcome = await state.topline("run", "--data", await directoryOf(state, files), ...args);
  return { ...outcome, report: () => outcome.json<Report>() };
}

describeNeeding(["java", "python", "uv"], "the engine glue", () => {
  test(
    "gives the figures that DuckDB gives, and either goes on where the other stopped",
    async () => {
      await using state = await newState(equipped());
      const model = emptyModel();
      const drops = [{ ...REFERENCE, ...FIRST }, SECOND];
      const first = await runOver(state, drops[0] ?? {}, "--engine", "glue", "--run-id", "r1");
      expect(first.code, first.stderr + first.stdout).toBe(0);
      expect(first.stdout).toMatch(/^Run r1: succeeded \(.* s, spark 3\.5\.6 /m);
      expect(first.stderr).toMatch(/Glue job run jr_[0-9a-f]{8}… RUNNING/);
      model.run({ intake: 1n, files: dropsOf(drops[0] ?? {}) });
      expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));

      const told = (await state.topline("runs", "r1", "--json")).json<Report>();
      expect(told.sources.map(({ quarantined }) => quarantined)).toContainEqual({
        "invalid:listen_time": 1,
      });
      expect(await readFile(told.log ?? "", "utf8")).toContain('"msg": "Transformed"');
      const shown = await state.topline("runs", "r1");
      expect(shown.stdout).toContain(`Log of the Glue job: ${told.log}`);

      // The configuration says the engine, the option overrides it.
      await writeFile(
        join(state.scratch, "topline.config.ts"),
        `export default { engine: "glue", glue: { driverMemory: "900m" } };\n`,
      );
      const duckdb = await runOver(state, SECOND, "--engine", "duckdb", "--json");
      expect(duckdb.report()).toMatchObject({ status: "succeeded", error: null });
      expect(duckdb.report().engine).toMatch(/^duckdb /);
      model.run({ intake: 2n, files: dropsOf(SECOND) });
      expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
      const again = await runOver(state, FIRST, "--json");
      expect(again.code, again.stdout).toBe(0);
      expect(again.report().engine).toMatch(/^spark /);
      expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
      const runs = await readdir(join(state.directory, "glue", "runs"));
      expect(runs).toHaveLength(2);
      const jobs = await readFile(join(state.directory, "glue", "jobs.json"), "utf8");
      expect(jobs).toContain("spark.driver.memory=900m");
    },
    JOB_MS,
  );

  test(
    "is stopped with the command that waits for it, and the run can be finished by DuckDB",
    async () => {
      await using state = await newState(equipped());
      const data = await directoryOf(state, { ...REFERENCE, ...FIRST });
      const running = state.start("run", "--data", data, "--engine", "glue", "--run-id", "r1");
      await running.said("RUNNING");
      running.kill("SIGINT");
      const { code, stdout } = await running.finished;
      expect(code).toBe(1);
      expect(stdout).toContain("CANCELLED");
      const [file = ""] = await readdir(join(state.directory, "glue", "runs"));
      const run = await readFile(join(state.directory, "glue", "runs", file), "utf8");
      expect(JSON.parse(run)).toMatchObject({ JobRunState: "STOPPED" });
      const after = await state.topline("run", "--json");
      expect(after.code, after.stderr).toBe(0);
      const model = emptyModel();
      model.run({ intake: 1n, files: dropsOf({ ...REFERENCE, ...FIRST }) });
      expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
    },
    JOB_MS,
  );
});

describeNeeding(["docker", "java", "python", "uv"], "the engine glue on containers", () => {
  test(
    "reads from LocalStack, publishes to DynamoDB Local, and DuckDB goes on there",
    async () => {
      await using cloud = await startHarness("containers");
      await using place = await newStateIn(cloud);
      const state = { ...place, ...place.under(equipped()) };
      const model = emptyModel();
      const drops = [{ ...REFERENCE, ...FIRST }, SECOND];
      for (const [i, engine] of ["glue", "duckdb"].entries()) {
        const files = drops[i] ?? {};
        const done = await runOver(state, files, "--engine", engine, "--json");
        expect(done.code, done.stderr + done.stdout).toBe(0);
        expect(done.report().engine).toMatch(engine === "glue" ? /^spark / : /^duckdb /);
        model.run({ intake: BigInt(i + 1), files: dropsOf(files) });
        expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
      }
    },
    JOB_MS,
  );
});

test("on a machine that cannot run jobs it is a fault with the remedy, and no other engine is put in its place", async () => {
  await using state = await newState({ PATH: dirname(process.execPath) });
  const files = { ...REFERENCE, ...FIRST };
  const failed = await runOver(state, files, "--engine", "glue", "--json");
  expect(failed.code).toBe(1);
  expect(failed.report()).toMatchObject({
    status: "failed",
    engine: "glue topline-transform",
    error: { code: "ENGINE_UNAVAILABLE", is_retryable: false },
  });
  expect(failed.report().error?.message).toContain("Install uv");
  const step = await state.topline("step", "transform", "--engine", "glue");
  expect([step.code, step.stderr]).toEqual([1, expect.stringContaining("ENGINE_UNAVAILABLE")]);

  const finished = await state.topline("run", "--json");
  expect(finished.json()).toMatchObject({ run_id: failed.report().run_id, status: "succeeded" });
  const log = await state.topline("runs", failed.report().run_id, "--json");
  expect(log.json()).not.toHaveProperty("log");
});

test("an engine that is none is wrong use, and so is one in the configuration", async () => {
  await using state = await newState();
  const { code, stderr } = await state.topline("run", "--engine", "spark");
  expect([code, stderr]).toEqual([2, expect.stringContaining("duckdb, glue")]);
  await writeFile(
    join(state.scratch, "topline.config.ts"),
    `export default { engine: "spark" };\n`,
  );
  const configured = await state.topline("run");
  expect(configured.code).toBe(2);
  expect(configured.stderr).toMatch(/CONFIG_INVALID.*engine/);
});

test("plan starts no job, whatever engine is configured", async () => {
  await using state = await newState({ PATH: dirname(process.execPath) });
  const done = await runOver(state, { ...REFERENCE, ...FIRST });
  expect(done.code, done.stderr).toBe(0);
  await writeFile(join(state.scratch, "topline.config.ts"), `export default { engine: "glue" };\n`);
  const { code, ...plan } = await state.topline("plan", "--json");
  expect(code).toBe(0);
  expect(plan.json()).toMatchObject({ actions: [] });
});

test("doctor asks for what the configured engine needs, on a harness and elsewhere", async () => {
  await using state = await newState({ PATH: dirname(process.execPath) });
  await writeFile(
    join(state.scratch, "topline.config.ts"),
    `export default { engine: "glue", glue: { jobName: "theirs" } };\n`,
  );
  interface Diagnosis {
    readonly name: string;
    readonly found: boolean;
    readonly is_required: boolean;
  }
  const here = await state.topline("doctor", "--json");
  expect(here.code).toBe(1);
  const missing = here.json<Diagnosis[]>().filter((one) => one.is_required && !one.found);
  expect(missing.map(({ name }) => name)).toEqual(["java", "python", "uv"]);

  await using harness = await openHarness({ stateDirectory: join(state.scratch, "elsewhere") });
  const { s3, dynamodb, glue, region, accessKeyId, secretAccessKey } = harness.endpoints;
  await using external = await newState({
    AWS_ENDPOINT_URL_S3: s3,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ENDPOINT_URL_GLUE: glue,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    TOPLINE_BACKEND: "external",
  });
  const config = ["--config", join(state.scratch, "topline.config.ts")];
  const there = await external.topline("doctor", "--create", "--json", ...config);
  expect(there.code).toBe(1);
  const lacking = there.json<Diagnosis[]>().filter((one) => one.is_required && !one.found);
  expect(lacking).toMatchObject([
    { name: "Glue job theirs", remedy: expect.stringContaining("There is no Glue job theirs") },
  ]);
  const failed = await runOver(external, { ...REFERENCE, ...FIRST }, "--json", ...config);
  expect(failed.report().error).toMatchObject({
    code: "ENGINE_UNAVAILABLE",
    message: expect.stringContaining("There is no Glue job theirs") as string,
  });
});
