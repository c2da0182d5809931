import { type PipelineContext, replay, type ReplayedSources, retract, run } from "@topline/core";
import { describe, expect, test } from "vitest";
import { expectRepeatable } from "./operation-crash.ts";
import { smallEngine } from "./small-engine.ts";
import { contextOf, dateOf, drop, keys, newWorld, plays, smallPlan } from "./world.ts";
import { SONGS, STREAMS, USERS, type World } from "./world.ts";

/** Two intakes of listens and of songs. The contract of the time accepted what today's does not. */
const LATER =
  "user_id,track_id,listen_time\nu9,t1,2024-06-25 12:00:00\nu2,t2,2024-06-27 09:00:00\n";
const LATER_KEY = "raw-data/streams/b.csv";

async function taken(): Promise<World> {
  const world = newWorld();
  await drop(world, { "songs.csv": SONGS, "users.csv": USERS, "streams/a.csv": `${STREAMS}u9\n` });
  await run(contextOf(world), { runId: "r1" });
  world.clock.advance(1000);
  await drop(world, { "songs.csv": "track_id,genre\nt2,blues\n", "streams/b.csv": LATER });
  await run(contextOf(world), { runId: "r2" });
  return world;
}

/** Today's: no listen of `u9` is a listen. */
const mended = (store: World["store"]) =>
  smallEngine(store, (row, width) => row.length === width && row[0] !== "u9");

const replayed = (world: World, sources: ReplayedSources, context: Partial<PipelineContext> = {}) =>
  replay(contextOf(world, { engine: mended(world.store), ...context }), {
    operationId: "replay-1",
    sources,
  });

const BEFORE = ["2024-06-25 pop 3", "2024-06-26 blues 1", "2024-06-27 blues 1"];
const AFTER = ["2024-06-25 pop 2", "2024-06-26 blues 1", "2024-06-27 blues 1"];

test("a source's rows and its quarantine are replaced by what today's contract makes of its file", async () => {
  const world = await taken();
  expect(await plays(world)).toEqual(BEFORE);
  expect(await keys(world, "quarantine/")).toHaveLength(1);
  const report = await replayed(world, { source: LATER_KEY });
  expect(report).toMatchObject({
    operation: "replay",
    sources: [
      { key: LATER_KEY, rows: 2n, accepted: 1n, quarantined: { malformed: 1n }, left: null },
    ],
    changes: [
      { table: "streams", operation: "replay", rows_removed: 2n, rows_added: 1n, files_added: 1 },
    ],
    warnings: [],
  });
  expect(report.dates.map(dateOf)).toEqual(["2024-06-25", "2024-06-27"]);
  expect(await plays(world)).toEqual(AFTER);
  expect(await keys(world, "quarantine/")).toHaveLength(2);
  const back = await replay(contextOf(world), {
    operationId: "replay-2",
    sources: { source: LATER_KEY },
  });
  expect(back.sources).toMatchObject([{ accepted: 2n, quarantined: {} }]);
  expect(await plays(world)).toEqual(BEFORE);
  expect(await keys(world, "quarantine/")).toHaveLength(1);
});

test("all sources are, and each keeps its intake: who had the say of a track has it still", async () => {
  const world = await taken();
  const report = await replayed(world, "all");
  expect(report.changes.map(({ table }) => table)).toEqual(["songs", "users", "streams"]);
  const keysReplayed = report.sources.map(({ key }) => key.slice("raw-data/".length)).sort();
  expect(keysReplayed).toEqual([
    "songs.csv",
    "songs.csv",
    "streams/a.csv",
    "streams/b.csv",
    "users.csv",
  ]);
  expect(report.warnings).toEqual([]);
  expect(await plays(world)).toEqual(AFTER);
  expect((await run(contextOf(world), { runId: "r3" })).status).toBe("nothing-to-do");
});

describe("a source is left as it is, with a warning,", () => {
  const left = async (world: World, context: Partial<PipelineContext> = {}) => {
    const before = await keys(world, "quarantine/");
    const report = await replayed(world, { source: LATER_KEY }, context);
    expect(report).toMatchObject({ changes: [] });
    expect(await keys(world, "quarantine/")).toEqual(before);
    expect(report.warnings).toHaveLength(1);
    expect(report.warnings[0]).toContain(`${LATER_KEY} (`);
    return report.sources[0]?.left;
  };

  test("when today's contract refuses it whole", async () => {
    const world = await taken();
    const plan = { ...smallPlan(2), limits: { maxSourceBytes: 1e9, maxQuarantineRatio: 0.1 } };
    expect(await left(world, { plan })).toBe("TOO_MANY_BAD_ROWS");
    expect(await plays(world)).toEqual(BEFORE);
  });

  test("when today's validator refuses its head", async () => {
    const world = await taken();
    const validator: PipelineContext["validator"] = {
      checkHead: async () => ({ ok: false, code: "MISSING_COLUMN", message: "No column x." }),
    };
    expect(await left(world, { validator })).toBe("MISSING_COLUMN");
  });

  test("when it was retracted", async () => {
    const world = await taken();
    await retract(contextOf(world), { operationId: "retract-1", source: LATER_KEY });
    expect(await left(world)).toBe("RETRACTED");
    const { sources } = await replayed(world, "all");
    expect(sources.map(({ key }) => key)).not.toContain(LATER_KEY);
    expect(await plays(world)).toEqual(["2024-06-25 pop 2", "2024-06-26 blues 1"]);
  });

  test.each([
    ["is gone", undefined],
    ["is another's", "another"],
  ])("when its file in the archive %s", async (_, owner) => {
    const world = await taken();
    const archived = await keys(world, "archive/");
    const key = archived.find((name) => name.endsWith("/b.csv")) ?? "";
    await world.store.delete(key);
    const metadata = { source_id: owner ?? "" };
    if (owner !== undefined) await world.store.put(key, new Uint8Array(), { metadata });
    expect(await left(world)).toBe("NOT_ARCHIVED");
    expect(await plays(world)).toEqual(BEFORE);
  });

  test("when it was refused whole as it came", async () => {
    const world = await taken();
    await drop(world, { "streams/c.csv": "x\n" });
    await run(contextOf(world), { runId: "r3" });
    const { sources } = await replayed(world, { source: "raw-data/streams/c.csv" });
    expect(sources).toMatchObject([{ left: "NOT_ARCHIVED", rows: 0n }]);
  });
});

test.each(["before", "after"] as const)(
  "killed just %s any call, it is done again",
  async (moment) => {
    const perform = (context: PipelineContext, operationId: string) =>
      replay({ ...context, engine: mended(context.store) }, { operationId, sources: "all" });
    expect(await expectRepeatable(taken, perform, moment)).toBeGreaterThan(50);
  },
);
