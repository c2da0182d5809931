import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { FETCH_MS } from "../../../test/machine/java-classpath.ts";
import { describeNeeding } from "../../../test/needs.ts";
import { type Files, sample } from "../../cli/test/inbox.ts";
import { newestRunId, PATIENCE } from "./local-airflow.ts";
import { openStory, processesIn, type Story, stream } from "./story.ts";

/** The DAG under the real scheduler, over the real data, with the Glue job on Spark, when parts of it are killed. */

const PNG = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82]);
const FIRST: Files = {
  "users.csv": sample("users.csv"),
  "songs.csv": sample("songs.csv"),
  ...stream(1),
  "streams/picture.csv": PNG,
};
/** Airflow and Spark are installed where no test before has done so. */
const START_MS = 600_000 + FETCH_MS;

describeNeeding(["java", "python", "uv"], "the real scheduler with Spark", () => {
  let story: Story;

  beforeAll(async () => {
    story = await openStory({ AIRFLOW__TOPLINE__TRANSFORM: "glue" });
  }, START_MS);

  afterAll(() => story?.[Symbol.asyncDispose](), START_MS);

  const started = (program: RegExp, withinMs = PATIENCE.timeout) =>
    vi.waitFor(
      async () => {
        const found = await processesIn(story.state);
        return found.find(({ args }) => program.test(args.join(" "))) ?? expect.fail("none yet");
      },
      { timeout: withinMs, interval: 200 },
    );
  const SPARK = /\bSparkSubmit\b/;

  test("a job that is killed is started again, and what is no data file is put aside", async () => {
    const { airflow, state } = story;
    await airflow.pause(true);
    await story.drop(FIRST);
    await airflow.pause(false);
    // The first job installs Spark where no test before has done so.
    process.kill((await started(SPARK, START_MS)).pid, "SIGKILL");
    const run = await story.nextTakingIn();
    const tasks = await airflow.tasks(run);
    expect(tasks["transform.glue"]).toEqual({ state: "success", try_number: 2 });
    expect(tasks["validate"]?.try_number).toBe(1);
    expect(await airflow.log(run, "transform.glue", 1)).toMatch(/FAILED/);
    expect(await airflow.log(run, "validate")).toContain("NOT_TEXT");
    await story.expectTakenIn(FIRST);
    const refused = await airflow.bucket.keys("rejected/");
    expect(refused.filter((key) => key.endsWith("picture.csv"))).toHaveLength(1);

    const id = await newestRunId(state);
    for (const task of ["wait_for_files", "validate", "choose", "transform.glue", "archive"]) {
      expect(await airflow.log(run, task, tasks[task]?.try_number)).toContain(id);
    }
    const jobs = join(state.directory, "glue", "logs");
    const functions = join(state.directory, "lambda", "logs");
    expect(await logsWith(id, functions)).toEqual(["topline-archive.log", "topline-validate.log"]);
    expect(await readdir(jobs)).toHaveLength(2);
    expect(await logsWith(id, jobs)).not.toEqual([]);
    expect((await state.topline("runs", id)).stdout).toContain(jobs);
  });

  test("a scheduler that is killed in mid-run ends the command, and the next goes on with the run", async () => {
    const { airflow, state } = story;
    await story.drop(stream(2));
    await started(SPARK);
    const scheduler = await started(/\bscheduler$/);
    process.kill(scheduler.pid, "SIGKILL");
    const ended = await airflow.command.finished;
    expect(ended.code).toBe(1);
    expect(ended.stderr + ended.stdout).toMatch(/scheduler has ended/);
    await airflow[Symbol.asyncDispose]();
    await vi.waitFor(async () => {
      expect(await processesIn(state)).toEqual([]);
    }, PATIENCE);

    await story.startAgain();
    const run = await story.nextTakingIn();
    expect((await story.airflow.tasks(run))["transform.glue"]?.try_number).toBeGreaterThan(1);
    await story.expectTakenIn(stream(2));
  });

  test("what comes after that is taken in at the first try of each task", async () => {
    await story.drop(stream(3));
    const run = await story.nextTakingIn();
    const tasks = await story.airflow.tasks(run);
    for (const task of ["wait_for_files", "validate", "choose", "transform.glue", "archive"]) {
      expect(tasks[task]).toEqual({ state: "success", try_number: 1 });
    }
    await story.expectTakenIn(stream(3));
  });
});

/** The names of the logs in a folder that hold a text. */
async function logsWith(text: string, folder: string): Promise<string[]> {
  const names = (await readdir(folder)).toSorted();
  const logs = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return names.filter((_, i) => logs[i]?.includes(text));
}
