import { abandon, type PipelineContext, retract, run, transform, validate } from "@topline/core";
import { expect, test } from "vitest";
import { expectRepeatable } from "./operation-crash.ts";
import { contextOf, dateOf, drop, newWorld, plays, SONGS, STREAMS, USERS } from "./world.ts";
import type { World } from "./world.ts";

/** Of two dates, one that the first source has alone. Its file holds a bad row, and a listen that the other has, too. */
const FIRST = STREAMS + "broken\n";
const SECOND =
  "user_id,track_id,listen_time\nu1,t1,2024-06-25 10:00:00\nu2,t2,2024-06-25 12:00:00\n";
const FIRST_KEY = "raw-data/streams/a.csv";

async function taken(): Promise<World> {
  const world = newWorld();
  await drop(world, { "songs.csv": SONGS, "users.csv": USERS, "streams/a.csv": FIRST });
  await run(contextOf(world), { runId: "r1" });
  world.clock.advance(1000);
  await drop(world, { "streams/b.csv": SECOND });
  await run(contextOf(world), { runId: "r2" });
  return world;
}

const retracted = (world: World, source: string) =>
  retract(contextOf(world), { operationId: "retract-1", source });

const statesOf = async ({ ledger }: World) =>
  (await Array.fromAsync(ledger.sources())).map(({ key, state }) => `${key} ${state}`).sort();

const sourceIdOf = async ({ ledger }: World, key: string) =>
  (await Array.fromAsync(ledger.sources())).find((source) => source.key === key)!.sourceId;

test("the source's rows leave zone and tables; what others brought, archive and quarantine stay", async () => {
  const world = await taken();
  expect(await plays(world)).toEqual([
    "2024-06-25 pop 2",
    "2024-06-25 rock 1",
    "2024-06-26 rock 1",
  ]);
  const report = await retracted(world, FIRST_KEY);
  expect(report).toMatchObject({
    operation: "retract",
    operation_id: "retract-1",
    source: {
      key: FIRST_KEY,
      dataset: "streams",
      run_id: "r1",
      archived_to: expect.stringMatching(/^archive\/.*streams\/a\.csv$/) as string,
    },
    rows: 3n,
    changes: [{ table: "streams", operation: "retract", files_added: 0, files_removed: 2 }],
    tables: [{ table: "PLAYS", put: 1, deleted: 1, unchanged: 1 }],
    warnings: [],
  });
  expect(report.dates.map(dateOf)).toEqual(["2024-06-25", "2024-06-26"]);
  expect(await plays(world)).toEqual(["2024-06-25 pop 1", "2024-06-25 rock 1"]);
  expect(await statesOf(world)).toContain(`${FIRST_KEY} retracted`);
  expect(await world.store.head(report.source.archived_to)).toBeDefined();
  const quarantine = `quarantine/source=${report.source.source_id}/`;
  expect(await Array.fromAsync(world.store.list(quarantine))).toHaveLength(1);
  expect((await run(contextOf(world), { runId: "r3" })).status).toBe("nothing-to-do");
});

test("a catalogue that is retracted takes its tracks with it", async () => {
  const world = await taken();
  const report = await retracted(world, await sourceIdOf(world, "raw-data/songs.csv"));
  expect(report).toMatchObject({ rows: 2n, changes: [{ table: "songs", rows_removed: 2n }] });
  expect(await plays(world)).toEqual([]);
  await drop(world, { "streams/c.csv": STREAMS });
  const waiting = await run(contextOf(world), { runId: "r3" });
  expect(waiting).toMatchObject({ status: "waiting", waiting_for: ["songs"] });
});

test("rows of other sources that lie in the same file are kept", async () => {
  const world = newWorld();
  const files = { "streams/a.csv": FIRST, "streams/b.csv": SECOND };
  await drop(world, { "songs.csv": SONGS, "users.csv": USERS, ...files });
  await run(contextOf(world), { runId: "r1" });
  const report = await retracted(world, FIRST_KEY);
  expect(report).toMatchObject({
    rows: 3n,
    changes: [{ files_added: 1, files_removed: 2, rows_added: 2n, rows_removed: 5n }],
  });
  expect(await plays(world)).toEqual(["2024-06-25 pop 1", "2024-06-25 rock 1"]);
});

test("once more it changes nothing and says so; the same file brings its rows again", async () => {
  const world = await taken();
  await retracted(world, FIRST_KEY);
  const again = await retract(contextOf(world), { operationId: "again", source: FIRST_KEY });
  expect(again).toMatchObject({ rows: 0n, changes: [], dates: [] });
  expect(again.warnings).toEqual([expect.stringMatching(/^The zone had no row of raw-data/)]);
  await drop(world, { "streams/a.csv": FIRST });
  await run(contextOf(world), { runId: "r3" });
  expect(await plays(world)).toEqual([
    "2024-06-25 pop 2",
    "2024-06-25 rock 1",
    "2024-06-26 rock 1",
  ]);
  expect(await statesOf(world)).toContain(`${FIRST_KEY} accepted`);
});

test("a source that is not known, or a key of several, is refused, and nothing changes", async () => {
  const world = await taken();
  await drop(world, { "streams/a.csv": SECOND });
  await run(contextOf(world), { runId: "r3" });
  const before = await plays(world);
  await expect(retracted(world, "raw-data/nothing.csv")).rejects.toMatchObject({
    code: "SOURCE_NOT_FOUND",
  });
  const several = retracted(world, FIRST_KEY);
  await expect(several).rejects.toMatchObject({
    code: "SOURCE_AMBIGUOUS",
    message: expect.stringMatching(
      /^2 sources .*[0-9a-f]{16}, accepted, run r1, archive.*; [0-9a-f]{16}, accepted, run r3, archive/,
    ) as string,
  });
  expect(await plays(world)).toEqual(before);
  expect((await statesOf(world)).join()).not.toContain("retracted");
  expect(await world.ledger.holder()).toBeUndefined();
});

test("rows that a run had committed before it was abandoned leave, too", async () => {
  const world = await taken();
  await drop(world, {
    "streams/c.csv": "user_id,track_id,listen_time\nu1,t2,2024-07-01 09:00:00\n",
  });
  await validate(contextOf(world), { runId: "r3" });
  await transform(contextOf(world), "r3");
  await world.store.delete("raw-data/streams/c.csv");
  await abandon(contextOf(world), "r3");
  expect(await plays(world)).toContain("2024-07-01 rock 1");
  const report = await retracted(world, "raw-data/streams/c.csv");
  expect(report).toMatchObject({
    rows: 1n,
    source: { archived_to: expect.stringMatching(/^rejected/) as string },
  });
  expect(await plays(world)).not.toContain("2024-07-01 rock 1");
  expect(await statesOf(world)).toContain("raw-data/streams/c.csv rejected");
});

test("nothing is done while a run is open", async () => {
  const world = await taken();
  await drop(world, { "streams/c.csv": STREAMS });
  await validate(contextOf(world), { runId: "r3" });
  await expect(retracted(world, FIRST_KEY)).rejects.toMatchObject({ code: "RUN_OPEN" });
  expect((await statesOf(world)).join()).not.toContain("retracted");
});

test("what another commits meanwhile is seen, and stays", async () => {
  const world = await taken();
  let isFirst = true;
  const zone: World["zone"] = {
    ...world.zone,
    commit: (table, request) =>
      world.zone.commit(table, {
        ...request,
        async decide(latest, commits) {
          const decision = await request.decide(latest, commits);
          if (isFirst) {
            isFirst = false;
            const { info, fence, since } = request;
            const add = [{ ...latest.files[0]!, path: "date=2024-06-25/another.json" }];
            await world.store.copy(
              `processed/streams/${latest.files[0]!.path}`,
              "processed/streams/date=2024-06-25/another.json",
            );
            const decide = () => ({ add, remove: [], dataChange: true });
            await world.zone.commit(table, { info, fence, since, decide });
          }
          return decision;
        },
      }),
  };
  const report = await retract(contextOf({ ...world, zone }), {
    operationId: "retract-1",
    source: FIRST_KEY,
  });
  expect(report.changes).toMatchObject([{ version: 3, files_removed: 3 }]);
  expect(await plays(world)).toEqual(["2024-06-25 pop 1", "2024-06-25 rock 1"]);
});

test.each(["before", "after"] as const)(
  "killed just %s any call, it is done again",
  async (moment) => {
    const perform = (context: PipelineContext, operationId: string) =>
      retract(context, { operationId, source: FIRST_KEY });
    expect(await expectRepeatable(taken, perform, moment, statesOf)).toBeGreaterThan(15);
  },
);
