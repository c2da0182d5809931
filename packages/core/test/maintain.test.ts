import { maintain, type MaintainReport, type PipelineContext, run, validate } from "@topline/core";
import { expect, test } from "vitest";
import { expectRepeatable } from "./operation-crash.ts";
import { readText, writeText } from "./small-engine.ts";
import {
  contextOf,
  drop,
  keys,
  newWorld,
  plays,
  smallPlan,
  SONGS,
  STREAMS,
  USERS,
  type World,
} from "./world.ts";

const DAY = 86_400_000;
const AGAIN = STREAMS + "u2,t2,2024-06-25 09:00:00\n";
const TABLES = ["2024-06-25 pop 2", "2024-06-25 rock 1", "2024-06-26 rock 1"];
const UNCOMMITTED = "processed/streams/date=2024-06-25/dead-1.json";

/** Files of two runs in every table, some time ago, and one that nobody came to commit. */
async function grown(): Promise<World> {
  const world = newWorld();
  const files = { "songs.csv": SONGS, "users.csv": USERS };
  await drop(world, { ...files, "streams/a.csv": STREAMS });
  await run(contextOf(world), { runId: "r1" });
  world.clock.advance(1_000);
  await drop(world, { ...files, "streams/a.csv": AGAIN });
  await run(contextOf(world), { runId: "r2" });
  await writeText(world.store, UNCOMMITTED, "[]");
  world.clock.advance(1_000);
  return world;
}

const maintained = (world: World, retentionDays?: number, options: Partial<PipelineContext> = {}) =>
  maintain(contextOf(world, options), {
    operationId: "maintain-1",
    ...(retentionDays === undefined ? {} : { retentionDays }),
  });

const dataFiles = async (world: World) =>
  (await keys(world, "processed/")).map((key) => key.slice("processed/".length));

const live = async (world: World) => {
  const { files } = await world.zone.snapshot("streams");
  return files.map(({ path, records }) => `${path} ${records}`).sort();
};

const told = ({ changes }: MaintainReport) =>
  changes.map((change) => ({ ...change, version: undefined }));

test("the files of a partition become one, and no figure changes", async () => {
  const world = await grown();
  const report = await maintained(world);
  const change = { operation: "compact", version: undefined };
  expect(told(report)).toEqual([
    // The same sources twice, and so the same rows but for their intake.
    { ...change, table: "songs", ...files(2, 1), ...rows(4n, 2n) },
    { ...change, table: "users", ...files(2, 1), ...rows(4n, 2n) },
    { ...change, table: "streams", ...files(4, 2), ...rows(7n, 7n) },
  ]);
  expect(report).toMatchObject({ dates: [], checkpoints: [], vacuumed: [], leftovers: [] });
  expect(await live(world)).toEqual([
    expect.stringMatching(/^date=2024-06-25\/maintain-1-\d+\.json 5$/),
    expect.stringMatching(/^date=2024-06-26\/maintain-1-\d+\.json 2$/),
  ]);
  const { version } = await world.zone.snapshot("streams");
  const [commit] = await world.zone.commits("streams", version - 1, version);
  expect(commit).toMatchObject({ dataChange: false, info: { operation: "compact" } });
  expect(await plays(world)).toEqual(TABLES);
  expect(await world.ledger.cursor()).toMatchObject({ zone: report.zone });
  expect((await run(contextOf(world), { runId: "r3" })).status).toBe("nothing-to-do");
});

const files = (files_removed: number, files_added: number) => ({ files_removed, files_added });
const rows = (rows_removed: bigint, rows_added: bigint) => ({ rows_removed, rows_added });

test("a second maintenance finds nothing to do, and commits nothing", async () => {
  const world = await grown();
  await maintained(world, 0);
  const before = await world.ledger.cursor();
  world.clock.advance(1_000);
  const again = await maintained(world, 0);
  expect(again).toMatchObject({ changes: [], vacuumed: [], checkpoints: [] });
  expect(await world.ledger.cursor()).toEqual(before);
});

test("files that a version within the retention needs stay, and leave after it", async () => {
  const world = await grown();
  const before = await dataFiles(world);
  await maintained(world);
  expect(await dataFiles(world)).toEqual(expect.arrayContaining(before));
  world.clock.advance(7 * DAY + 1_000);
  const report = await maintained(world);
  expect(report.vacuumed.map(({ table, files }) => [table, files])).toEqual([
    ["songs", 2],
    ["users", 2],
    ["streams", 5],
  ]);
  expect(report.vacuumed.every(({ bytes }) => bytes > 0n)).toBe(true);
  const left = await dataFiles(world);
  expect(left.filter((path) => before.includes(path))).toEqual([]);
  expect(left).toHaveLength(4);
  expect((await run(contextOf(world), { runId: "r3" })).status).toBe("nothing-to-do");
});

test("what is removed can no longer be committed by who was overtaken", async () => {
  const world = await grown();
  const overtaken = await world.ledger.acquire("overtaken", 1);
  world.clock.advance(60_000);
  await maintained(world, 0);
  const late = world.zone.commit("streams", {
    info: { runId: "x", operation: "append", engine: "e", planHash: "p", timestamp: 0 },
    fence: overtaken.token,
    since: -1,
    decide: () => ({ add: [], remove: [], dataChange: true }),
  });
  await expect(late).rejects.toMatchObject({ code: "LEASE_LOST" });
});

test("the log, and what lies in hidden folders beside the data, stays", async () => {
  const world = await grown();
  const hidden = [
    "processed/streams/_delta_log/_last_checkpoint",
    "processed/streams/_change_data/x.json",
    "processed/streams/date=2024-06-25/.x.crc",
  ];
  for (const key of hidden) await writeText(world.store, key, "theirs");
  await writeText(world.store, "processed/streams/_part=1/dead.json", "[]");
  world.clock.advance(1_000);
  await maintained(world, 0);
  const left = await keys(world, "processed/streams/");
  expect(left).toEqual(expect.arrayContaining(hidden));
  expect(left).toHaveLength(hidden.length + 2);
});

test("what waits for publication is published before anything is removed", async () => {
  const world = await grown();
  const broken = smallPlan(2, { broken: true });
  const before = await dataFiles(world);
  await expect(maintained(world, 0, { plan: broken })).rejects.toMatchObject({
    code: "AUDIT_FAILED",
  });
  expect(await dataFiles(world)).toEqual(expect.arrayContaining(before));
  const report = await maintained(world, 0, { plan: smallPlan(3) });
  expect(report.dates).toHaveLength(2);
  expect(await plays(world)).toEqual(TABLES);
});

test("files of the cursor's version that are gone make every date stale", async () => {
  const world = await grown();
  await drop(world, { "songs.csv": "track_id,genre\nt1,jazz\n" });
  const cursor = await world.ledger.cursor();
  await run(contextOf(world), { runId: "r3" });
  world.clock.advance(1_000);
  await maintained(world, 0);
  // As if the tables had not been published since.
  const lease = await world.ledger.acquire("somebody", 30);
  await world.ledger.moveCursor(cursor!, lease);
  await world.ledger.release(lease);
  const report = await run(contextOf(world), { runId: "r4" });
  expect(report).toMatchObject({ status: "succeeded", error: null });
  expect(report.dates.map(({ date }) => date)).toEqual(["2024-06-25", "2024-06-26"]);
  expect(await plays(world)).toEqual([
    "2024-06-25 jazz 2",
    "2024-06-25 rock 1",
    "2024-06-26 rock 1",
  ]);
});

test("a compacted catalogue is read by no run after it", async () => {
  const world = await grown();
  const cursor = await world.ledger.cursor();
  await maintained(world, 0);
  const lease = await world.ledger.acquire("somebody", 30);
  await world.ledger.moveCursor(cursor!, lease);
  await world.ledger.release(lease);
  // The files at the cursor are gone; nobody asks for them, since no row changed.
  const report = await run(contextOf(world), { runId: "r3" });
  expect(report).toMatchObject({ status: "succeeded", dates: [] });
});

/** A run that died between its manifest and its being open. */
async function neverOpened(world: World): Promise<void> {
  await drop(world, { "streams/b.csv": STREAMS });
  const ledger = {
    ...world.ledger,
    open: () => Promise.reject(new Error("It died.")),
  };
  const dying = contextOf({ ...world, ledger });
  await expect(validate(dying, { runId: "dead" })).rejects.toThrow("It died.");
  expect(await keys(world, "runs/dead/input/")).toHaveLength(1);
}

test("copies of runs that never came to be open are removed; the same run begins anew", async () => {
  const world = await grown();
  await neverOpened(world);
  await writeText(world.store, "runs/headless/input/0123.csv", "copied");
  const scratch = `runs/spark-${"0".repeat(32)}/zone/0.parquet`;
  await writeText(world.store, scratch, "copied");
  const rows = "runs/killed-17/rows/streams/";
  await writeText(world.store, `${rows}_temporary/0/date=2024-06-25/part-0.parquet`, "written");
  await writeText(world.store, `${rows}date=2024-06-25/part-0.parquet`, "written");
  const { leftovers } = await maintained(world);
  expect(leftovers).toEqual([
    { run_id: "dead", objects: 1 },
    { run_id: "headless", objects: 1 },
    { run_id: "killed-17", objects: 2 },
    { run_id: `spark-${"0".repeat(32)}`, objects: 1 },
  ]);
  const left = await keys(world, "runs/");
  expect(left.filter((key) => /input|spark|rows|manifest|plan/.test(key))).toEqual(
    ["r1", "r2"].flatMap((id) => [`runs/${id}/manifest.json`, `runs/${id}/plan.json`]),
  );
  const report = await run(contextOf(world), { runId: "dead" });
  expect(report).toMatchObject({ run_id: "dead", status: "succeeded" });
  expect(report.sources).toMatchObject([{ key: "raw-data/streams/b.csv", accepted: 3n }]);
});

test("a manifest that was written while its copies were removed is frozen anew", async () => {
  const world = await grown();
  await neverOpened(world);
  const manifest = await readText(world.store, "runs/dead/manifest.json");
  await maintained(world);
  // By a process that was paused just before it wrote it.
  await writeText(world.store, "runs/dead/manifest.json", manifest);
  const report = await run(contextOf(world), { runId: "dead" });
  expect(report).toMatchObject({ run_id: "dead", status: "succeeded", error: null });
  expect(await keys(world, "raw-data/")).toEqual([]);
});

test("a validate that was overtaken writes no manifest", async () => {
  const world = await grown();
  await drop(world, { "streams/b.csv": STREAMS });
  const store = {
    ...world.store,
    async copy(...args: Parameters<typeof world.store.copy>) {
      const answer = await world.store.copy(...args);
      world.clock.advance(60_000);
      const lease = await world.ledger.acquire("another", 30);
      await world.ledger.release(lease);
      return answer;
    },
  };
  const overtaken = validate(contextOf({ ...world, store }), { runId: "late" });
  await expect(overtaken).rejects.toMatchObject({ code: "LEASE_LOST" });
  expect(await keys(world, "runs/late/manifest.json")).toEqual([]);
});

test("nothing is done while a run is open", async () => {
  const world = await grown();
  await drop(world, { "streams/b.csv": STREAMS });
  await validate(contextOf(world), { runId: "r3" });
  const before = await keys(world, "");
  await expect(maintained(world, 0)).rejects.toMatchObject({ code: "RUN_OPEN" });
  expect(await keys(world, "")).toEqual(before);
});

test("an empty zone is left as it is", async () => {
  const world = newWorld();
  expect(await maintained(world, 0)).toMatchObject({ changes: [], dates: [], vacuumed: [] });
  expect(await world.ledger.cursor()).toBeUndefined();
});

test.each(["before", "after"] as const)(
  "killed just %s any call, it is done again",
  async (moment) => {
    const perform = (context: PipelineContext, operationId: string) =>
      maintain(context, { operationId, retentionDays: 0 });
    const seen = async (world: World) => ({
      files: (await dataFiles(world)).length,
      live: (await live(world)).length,
    });
    expect(await expectRepeatable(grown, perform, moment, seen)).toBeGreaterThan(30);
  },
);
