import { erase, type PipelineContext, retract, run, validate } from "@topline/core";
import { expect, test } from "vitest";
import { expectRepeatable } from "./operation-crash.ts";
import { readText, writeText } from "./small-engine.ts";
import { smallRecords } from "./small-records.ts";
import { contextOf, dateOf, drop, keys, newWorld, plays, SONGS, STREAMS, USERS } from "./world.ts";
import type { World } from "./world.ts";

/** Rejected rows of two users in one part, and of one alone in another. */
const MIXED = `${STREAMS}u1,broken\nu2,broken\n`;
const ALONE =
  "user_id,track_id,listen_time\nu1,t2,2024-06-27 09:00:00\nu1\nu2,t2,2024-06-25 09:00:00\n";

async function taken(): Promise<World> {
  const world = newWorld();
  await drop(world, { "songs.csv": SONGS, "users.csv": USERS, "streams/a.csv": MIXED });
  await run(contextOf(world), { runId: "r1", runDate: "2024-06-28" });
  world.clock.advance(1000);
  // The same file once more, on another day: a second copy of it lies in the archive.
  await drop(world, { "streams/a.csv": MIXED, "streams/b.csv": ALONE, "streams/c.csv": "x\n" });
  await run(contextOf(world), { runId: "r2", runDate: "2024-06-29" });
  await writeText(world.store, "runs/dead/input/0123456789abcdef.csv", "u1");
  await writeText(world.store, "processed/streams/date=2024-06-25/dead.json", "u1");
  world.clock.advance(1000);
  return world;
}

const erased = (world: World, userId = "u1") =>
  erase(contextOf(world), { operationId: "erase-1", userId, records: smallRecords });

/** Every object that says the name. */
async function mentions(world: World, userId: string): Promise<string[]> {
  const found: string[] = [];
  for (const key of await keys(world, "")) {
    if ((await readText(world.store, key)).includes(userId)) found.push(key);
  }
  return found;
}

test("no object that Topline keeps says the user's name any more, and what it touched is told", async () => {
  const world = await taken();
  expect((await mentions(world, "u1")).length).toBeGreaterThan(10);
  const report = await erased(world);
  expect(await mentions(world, "u1")).toEqual([]);
  expect(report).toMatchObject({
    operation: "erase",
    user_id: "u1",
    rows: { users: 1n, streams: 5n },
    archive: [
      { key: "archive/raw-data/2024-06-28/streams/a.csv", records: 3n },
      { key: "archive/raw-data/2024-06-28/users.csv", records: 1n },
      { key: "archive/raw-data/2024-06-29/streams/a.csv", records: 3n },
      { key: "archive/raw-data/2024-06-29/streams/b.csv", records: 2n },
    ],
    leftovers: [{ run_id: "dead", objects: 1 }],
    remains: [
      { place: "inbox", objects: 0 },
      { place: "rejected", objects: 2 },
      { place: "object-versions", objects: null },
      { place: "backups", objects: null },
    ],
    warnings: [],
  });
  expect(report.changes.map(({ table, operation }) => `${operation} ${table}`)).toEqual([
    "erase users",
    "erase streams",
  ]);
  expect(report.quarantine.map(({ records }) => records)).toEqual([1n, 1n]);
  expect(await keys(world, "quarantine/")).toHaveLength(1);
  expect(report.vacuumed.map(({ table }) => table)).toEqual(["users", "streams"]);
  expect(report.dates.map(dateOf)).toEqual(["2024-06-25", "2024-06-26", "2024-06-27"]);
  expect(await plays(world)).toEqual(["2024-06-25 pop 1", "2024-06-25 rock 1"]);
});

test("what others brought stays as it was, and archived files keep their source", async () => {
  const world = await taken();
  await erased(world);
  const key = "archive/raw-data/2024-06-29/streams/b.csv";
  expect(await readText(world.store, key)).toBe(
    "user_id,track_id,listen_time\nu2,t2,2024-06-25 09:00:00\n",
  );
  const { source_id = "" } = (await world.store.head(key))?.metadata ?? {};
  expect(await world.ledger.source(source_id)).toMatchObject({ key: "raw-data/streams/b.csv" });
  expect((await run(contextOf(world), { runId: "r3" })).status).toBe("nothing-to-do");
});

test("files of retracted sources are among those of the archive", async () => {
  const world = await taken();
  await retract(contextOf(world), { operationId: "x", source: "raw-data/streams/b.csv" });
  const { archive } = await erased(world);
  expect(archive.map(({ key }) => key)).toContain("archive/raw-data/2024-06-29/streams/b.csv");
});

test("what else lies in the archive is left as it is, with a warning", async () => {
  const world = await taken();
  await writeText(world.store, "archive/raw-data/2024-06-29/notes.txt", "u1");
  const { warnings } = await erased(world);
  expect(warnings).toEqual([expect.stringMatching(/notes\.txt is no file that Topline archived/)]);
});

test("a user whom nobody knows changes nothing, and none without a name is asked for", async () => {
  const world = await taken();
  const before = await plays(world);
  const report = await erased(world, "u9");
  expect(report).toMatchObject({ archive: [], quarantine: [], changes: [], rows: { users: 0n } });
  expect(await plays(world)).toEqual(before);
  for (const id of ["", " u1", "u1\t"]) {
    await expect(erased(world, id)).rejects.toMatchObject({ code: "USAGE" });
  }
});

test("nothing is done while a run is open", async () => {
  const world = await taken();
  await drop(world, { "streams/d.csv": STREAMS });
  await validate(contextOf(world), { runId: "r3" });
  await expect(erased(world)).rejects.toMatchObject({ code: "RUN_OPEN" });
  expect((await mentions(world, "u1")).length).toBeGreaterThan(10);
});

test.each(["before", "after"] as const)(
  "killed just %s any call, it is done again",
  async (moment) => {
    const perform = (context: PipelineContext, operationId: string) =>
      erase(context, { operationId, userId: "u1", records: smallRecords });
    const more = (world: World) => mentions(world, "u1");
    expect(await expectRepeatable(taken, perform, moment, more)).toBeGreaterThan(50);
  },
);
