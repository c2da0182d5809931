import { afterAll, beforeAll, expect, test } from "vitest";
import {
  dynamoClient,
  dynamoRunLedger,
} from "../../../packages/aws-adapters/src/dynamodb/index.ts";
import { emptyModel, type Model } from "../../../test/model/model.ts";
import { describeNeeding } from "../../../test/needs.ts";
import {
  datesOf,
  dropsOf,
  expectedTables,
  type Files,
  publishedDates,
  sample,
  tablesOf,
} from "../../cli/test/inbox.ts";
import type { TestState } from "../../cli/test/topline.ts";
import { airflowState, type DagRun, type LocalAirflow, upIn } from "./local-airflow.ts";

/** The DAG under the real scheduler, over the real data: one story, told in order. */

const stream = (n: number): Files => ({
  [`streams/streams${n}.csv`]: sample(`streams/streams${n}.csv`),
});
const FIRST: Files = { "users.csv": sample("users.csv"), ...stream(1) };
const MANIFEST = "runs/by-hand/manifest.json";
const SONGS: Files = { "songs.csv": sample("songs.csv") };

describeNeeding(["python", "uv"], "the real scheduler", () => {
  let state: TestState;
  let airflow: LocalAirflow;
  const model: Model = emptyModel();
  let intake = 0n;
  let over = 0;

  beforeAll(async () => {
    state = await airflowState();
    airflow = await upIn(state);
  }, 300_000);

  afterAll(async () => {
    await airflow?.[Symbol.asyncDispose]();
    await state?.[Symbol.asyncDispose]();
  });

  const drop = async (files: Files) => {
    for (const [name, content] of Object.entries(files)) {
      await airflow.bucket.put(`raw-data/${name}`, content);
    }
  };
  /** The last of the runs, once so many more are over. */
  const next = async (more = 1): Promise<DagRun> => {
    over += more;
    const run = (await airflow.untilOver(over)).at(-1);
    return run ?? expect.fail("no run");
  };
  const statesOf = async (run: DagRun) => {
    const tasks = Object.entries(await airflow.tasks(run));
    return Object.fromEntries(tasks.map(([task, { state }]) => [task, state]));
  };
  const takenIn = async (files: Files) => {
    model.run({ intake: ++intake, files: dropsOf(files) });
    expect(await publishedDates(state)).toEqual(datesOf(model));
    expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
    expect(await airflow.bucket.keys("raw-data/")).toEqual([]);
  };

  test("streams without songs wait, and the grid shows for what", async () => {
    await airflow.pause(true);
    await drop(FIRST);
    await airflow.pause(false);
    const run = await next();
    expect(run).toMatchObject({ state: "success", run_type: "asset_triggered" });
    expect(await statesOf(run)).toEqual({
      wait_for_files: "success",
      validate: "success",
      choose: "success",
      "waiting_for.users": "skipped",
      "waiting_for.songs": "success",
      "waiting_for.streams": "skipped",
      "transform.glue": "skipped",
      "transform.lambda": "skipped",
      archive: "skipped",
      look_again: "skipped",
    });
    expect(await airflow.log(run, "waiting_for.songs")).toContain(
      "Drop s3://topline/raw-data/songs.csv",
    );
  });

  test("what was waited for begins the next run by itself, and the tables are right", async () => {
    await drop(SONGS);
    const run = await next();
    expect(await statesOf(run)).toMatchObject({
      choose: "success",
      "transform.glue": "skipped",
      "transform.lambda": "success",
      "waiting_for.songs": "skipped",
      archive: "success",
      look_again: "skipped",
    });
    await takenIn({ ...FIRST, ...SONGS });
  });

  test("a fault that passes is tried again, and one run id is in the log of every task", async () => {
    const { dynamodb: endpoint, region, accessKeyId, secretAccessKey } = airflow.endpoints;
    const credentials = { accessKeyId, secretAccessKey };
    const client = dynamoClient({ endpoint, region, credentials });
    const clock = { now: () => new Date(), sleep: () => Promise.resolve() };
    const ledger = dynamoRunLedger({ client, prefix: "", clock });
    const lease = await ledger.acquire("somebody else", 600);
    await drop(stream(2));
    await airflow.untilTried("validate", 3);
    await ledger.release(lease);
    client.destroy();
    const run = await next();
    const tasks = await airflow.tasks(run);
    expect(tasks["validate"]?.state).toBe("success");
    expect(tasks["validate"]?.try_number).toBeGreaterThan(2);
    expect(await airflow.log(run, "validate", 1)).toMatch(/LEASE_HELD.*somebody else/);
    expect(await airflow.log(run, "validate", 2)).toMatch(/LEASE_HELD.*somebody else/);
    await takenIn(stream(2));

    const { runs } = (await state.topline("status", "--json")).json<{
      runs: { run_id: string }[];
    }>();
    const id = runs[0]?.run_id ?? "";
    expect(id).toMatch(/^asset_triggered__[0-9A-Za-z._-]+-[0-9a-f]{8}$/);
    for (const task of ["wait_for_files", "choose", "transform.lambda", "archive"]) {
      expect(await airflow.log(run, task)).toContain(`run_id=${id}`);
    }
  });

  test("a fault that no retry mends burns none, and nothing starts again; once it is mended, a clear finishes the open run, and what is left begins another", async () => {
    await airflow.pause(true);
    await drop(stream(3));
    const validated = await state.topline("step", "validate", "--run-id", "by-hand", "--json");
    expect(validated.code, validated.stderr).toBe(0);
    const manifest = await airflow.bucket.read(MANIFEST);
    await airflow.bucket.put(MANIFEST, "{}");
    await drop(stream(1));
    await airflow.pause(false);
    const run = await next();
    expect(run.state).toBe("failed");
    expect((await airflow.tasks(run))["validate"]).toEqual({ state: "failed", try_number: 1 });
    expect(await airflow.log(run, "validate")).toContain("STATE_CORRUPT");

    await airflow.bucket.put(MANIFEST, manifest);
    await airflow.clear(run);
    await next();
    const [cleared = run, taken = run] = (await airflow.untilOver(over)).slice(-2);
    expect(cleared.dag_run_id).toBe(run.dag_run_id);
    expect((await statesOf(cleared))["look_again"]).toBe("success");
    expect(await airflow.log(cleared, "transform.lambda")).toContain("run_id=by-hand");
    expect((await statesOf(taken))["look_again"]).toBe("skipped");
    await takenIn({ ...stream(3), ...stream(1) });
  });
});
