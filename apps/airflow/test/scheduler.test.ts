import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  dynamoClient,
  dynamoRunLedger,
} from "../../../packages/aws-adapters/src/dynamodb/index.ts";
import { describeNeeding } from "../../../test/needs.ts";
import { type Files, sample } from "../../cli/test/inbox.ts";
import { type DagRun, newestRunId, PATIENCE } from "./local-airflow.ts";
import { openStory, processesIn, type Story, stream } from "./story.ts";

/** The DAG under the real scheduler, over the real data, with the functions: one story, told in order. */

const USERS: Files = { "users.csv": sample("users.csv") };
const SONGS: Files = { "songs.csv": sample("songs.csv") };
const PARTS = partsOf("streams/streams1.csv", 10);
const MANIFEST = "runs/by-hand/manifest.json";
const START_MS = 600_000;

describeNeeding(["python", "uv"], "the real scheduler", () => {
  let story: Story;

  beforeAll(async () => {
    story = await openStory();
  }, START_MS);

  afterAll(() => story?.[Symbol.asyncDispose](), START_MS);

  const statesOf = async (run: DagRun) => {
    const tasks = Object.entries(await story.airflow.tasks(run));
    return Object.fromEntries(tasks.map(([task, { state }]) => [task, state]));
  };

  test("streams without songs wait, run after run, and the grid shows for what", async () => {
    const { airflow } = story;
    await story.drop(USERS);
    expect(await statesOf(await story.next())).toMatchObject({
      "waiting_for.users": "skipped",
      "waiting_for.songs": "success",
      "waiting_for.streams": "success",
    });
    for (const part of PARTS) {
      await story.drop(part);
      const run = await story.next();
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
    }
    expect(await airflow.bucket.keys("raw-data/")).toHaveLength(1 + PARTS.length);
  });

  test("what was waited for begins the next run by itself, and the tables are right", async () => {
    await story.drop(SONGS);
    const run = await story.next();
    expect(await statesOf(run)).toMatchObject({
      choose: "success",
      "transform.glue": "skipped",
      "transform.lambda": "success",
      "waiting_for.songs": "skipped",
      archive: "success",
      look_again: "skipped",
    });
    await story.expectTakenIn(Object.assign({}, USERS, SONGS, ...PARTS) as Files);
  });

  test("a fault that passes is tried again, and one run id is in the log of every task", async () => {
    const { airflow, state } = story;
    const { dynamodb: endpoint, region, accessKeyId, secretAccessKey } = airflow.endpoints;
    const credentials = { accessKeyId, secretAccessKey };
    const client = dynamoClient({ endpoint, region, credentials });
    const clock = { now: () => new Date(), sleep: () => Promise.resolve() };
    const ledger = dynamoRunLedger({ client, prefix: "", clock });
    const lease = await ledger.acquire("somebody else", 600);
    await story.drop(stream(2));
    await airflow.untilTried("validate", 3);
    await ledger.release(lease);
    client.destroy();
    const run = await story.next();
    const tasks = await airflow.tasks(run);
    expect(tasks["validate"]?.state).toBe("success");
    expect(tasks["validate"]?.try_number).toBeGreaterThan(2);
    expect(await airflow.log(run, "validate", 1)).toMatch(/LEASE_HELD.*somebody else/);
    expect(await airflow.log(run, "validate", 2)).toMatch(/LEASE_HELD.*somebody else/);
    await story.expectTakenIn(stream(2));

    const id = await newestRunId(state);
    expect(id).toMatch(/^asset_triggered__[0-9A-Za-z._-]+-[0-9a-f]{8}$/);
    for (const task of ["wait_for_files", "choose", "transform.lambda", "archive"]) {
      expect(await airflow.log(run, task)).toContain(`run_id=${id}`);
    }
  });

  test("a fault that no retry mends burns none, and nothing starts again; once it is mended, a clear finishes the open run, and what is left begins another", async () => {
    const { airflow, state } = story;
    await airflow.pause(true);
    await story.drop(stream(3));
    const validated = await state.topline("step", "validate", "--run-id", "by-hand", "--json");
    expect(validated.code, validated.stderr).toBe(0);
    const manifest = await airflow.bucket.read(MANIFEST);
    await airflow.bucket.put(MANIFEST, "{}");
    await story.drop(stream(1));
    await airflow.pause(false);
    const run = await story.next();
    expect(run.state).toBe("failed");
    expect((await airflow.tasks(run))["validate"]).toEqual({ state: "failed", try_number: 1 });
    expect(await airflow.log(run, "validate")).toContain("STATE_CORRUPT");

    await airflow.bucket.put(MANIFEST, manifest);
    await airflow.clear(run);
    const [cleared = run, taken = run] = (await story.over()).slice(-2);
    expect(cleared.dag_run_id).toBe(run.dag_run_id);
    expect((await statesOf(cleared))["look_again"]).toBe("success");
    expect(await airflow.log(cleared, "transform.lambda")).toContain("run_id=by-hand");
    expect((await statesOf(taken))["look_again"]).toBe("skipped");
    await story.expectTakenIn({ ...stream(3), ...stream(1) });
  });

  test("a command that is killed leaves no process behind", async () => {
    const { airflow, state } = story;
    const working = (await processesIn(state)).map(({ args }) => args.join(" "));
    for (const component of ["api-server", "scheduler", "dag-processor", "triggerer"]) {
      expect(working.some((one) => one.includes(component))).toBe(true);
    }
    airflow.command.kill("SIGKILL");
    await airflow.command.finished;
    await airflow[Symbol.asyncDispose]();
    await vi.waitFor(async () => {
      expect(await processesIn(state)).toEqual([]);
    }, PATIENCE);
  });
});

/** The listens of a file of the real day as so many files, each with the header. */
function partsOf(name: string, count: number): Files[] {
  const [header = "", ...lines] = new TextDecoder().decode(sample(name)).trimEnd().split("\n");
  const size = Math.ceil(lines.length / count);
  return Array.from({ length: count }, (_, i) => ({
    [name.replace(/\.csv$/, `-${i}.csv`)]: [
      header,
      ...lines.slice(i * size, (i + 1) * size),
      "",
    ].join("\n"),
  }));
}
