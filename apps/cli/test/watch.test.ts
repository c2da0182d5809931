import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { emptyModel } from "../../../test/model/model.ts";
import { openBucket } from "./bucket.ts";
import { datesOf, dropsOf, expectedTables, type Files, sample, tablesOf } from "./inbox.ts";
import { newState, type Outcome } from "./topline.ts";

interface Report {
  readonly run_id: string;
  readonly status: string;
  readonly sources: readonly { key: string }[];
  readonly error: { code: string } | null;
}

const CATALOGUE: Files = { "users.csv": sample("users.csv"), "songs.csv": sample("songs.csv") };
const stream = (n: number) => ({ [`streams/streams${n}.csv`]: sample(`streams/streams${n}.csv`) });
const FIRST: Files = { ...CATALOGUE, ...stream(1) };

/** JSON lines: every document on a line of its own. */
const lines = ({ stdout }: Outcome) =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Report);

async function arrive(bucket: Awaited<ReturnType<typeof openBucket>>, files: Files): Promise<void> {
  // The listens last: nothing waits for what comes after them.
  for (const [name, content] of Object.entries(files))
    await bucket.put(`raw-data/${name}`, content);
}

test("watch takes in what arrives, a line of JSON a run, and leaves no entry for waiting", async () => {
  await using state = await newState();
  await using bucket = await openBucket(state);
  const watch = state.start("watch", "--json", "--interval", "0.1");
  await watch.said("Watching raw-data/");
  await arrive(bucket, stream(1));
  await watch.said("Waiting for songs, users");
  await arrive(bucket, { "users.csv": CATALOGUE["users.csv"] as Uint8Array });
  await watch.said("Waiting for songs:");
  expect((await state.topline("runs", "--json")).json()).toEqual([]);

  await arrive(bucket, { "songs.csv": CATALOGUE["songs.csv"] as Uint8Array });
  await watch.said("Watching raw-data/", 2);
  await arrive(bucket, stream(2));
  await watch.said("Watching raw-data/", 3);
  watch.kill("SIGTERM");
  const outcome = await watch.finished;
  expect([outcome.code, outcome.stdout.endsWith("\n")]).toEqual([0, true]);

  const reports = lines(outcome);
  expect(reports.map(({ status, sources }) => [status, sources.length])).toEqual([
    ["succeeded", 3],
    ["succeeded", 1],
  ]);
  const runs = (await state.topline("runs", "--json")).json<Report[]>();
  expect(runs.map(({ run_id }) => run_id)).toEqual(
    reports.map(({ run_id }) => run_id).toReversed(),
  );
  const model = emptyModel();
  model.run({ intake: 1n, files: dropsOf(FIRST) });
  model.run({ intake: 2n, files: dropsOf(stream(2)) });
  expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
  expect(await bucket.keys("raw-data/")).toEqual([]);
});

test("watch that is stopped in mid-run leaves a run that is finished later", async () => {
  await using state = await newState();
  await using bucket = await openBucket(state);
  await arrive(bucket, FIRST);
  const watch = state.start("watch", "--interval", "0.1");
  await watch.said("transform  ");
  watch.kill("SIGINT");
  const stopped = await watch.finished;
  expect(stopped.code).toBe(0);
  expect(stopped.stdout).toContain("CANCELLED");
  const { open_run } = (await state.topline("status", "--json")).json<{ open_run: string }>();
  expect(stopped.stdout).toContain(`Run ${open_run}: failed`);

  const report = (await state.topline("run", "--json")).json<Report>();
  expect([report.run_id, report.status]).toEqual([open_run, "succeeded"]);
  const model = emptyModel();
  model.run({ intake: 1n, files: dropsOf(FIRST) });
  expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
});

test("two watches over one inbox make one run of what arrives", async () => {
  await using state = await newState();
  await using bucket = await openBucket(state);
  const both = ["0.1", "0.1"].map((interval) =>
    state.start("watch", "--json", "--interval", interval),
  );
  await Promise.all(both.map((watch) => watch.said("Watching raw-data/")));
  // What is missing comes last, so that both see all of it at once.
  await arrive(bucket, { ...stream(1), ...CATALOGUE });
  await expect.poll(() => bucket.keys("raw-data/"), { timeout: 60_000 }).toEqual([]);
  await expect
    .poll(async () => (await state.topline("status", "--json")).json(), { timeout: 60_000 })
    .toMatchObject({ open_run: null, lease: null });
  for (const watch of both) watch.kill("SIGINT");
  const outcomes = await Promise.all(both.map((watch) => watch.finished));
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
  const done = new Set(outcomes.flatMap(lines).map(({ run_id, status }) => `${run_id} ${status}`));
  expect(done.size).toBe(1);
  const runs = (await state.topline("runs", "--json")).json<Report[]>();
  expect(runs.map(({ run_id }) => `${run_id} succeeded`)).toEqual([...done]);
  const model = emptyModel();
  model.run({ intake: 1n, files: dropsOf(FIRST) });
  expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
});

test("watch ends with the harness, and says so on its last line", async () => {
  await using state = await newState();
  const watch = state.start("watch", "--json", "--interval", "0.1");
  await watch.said("Watching raw-data/");
  const record = await readFile(join(state.directory, "harness.json"), "utf8");
  process.kill((JSON.parse(record) as { pid: number }).pid, "SIGKILL");
  const outcome = await watch.finished;
  expect(outcome.code).toBe(1);
  expect(lines(outcome)).toMatchObject([{ error: { code: "HARNESS_UNAVAILABLE" } }]);
});
