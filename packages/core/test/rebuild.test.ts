import { rebuild, type RebuildDates, run, validate } from "@topline/core";
import { expect, test } from "vitest";
import { expectRepeatable } from "./operation-crash.ts";
import {
  contextOf,
  dateOf,
  drop,
  newWorld,
  PLAYS,
  plays,
  smallPlan,
  SONGS,
  STREAMS,
  USERS,
  type World,
} from "./world.ts";

const TABLES = ["2024-06-25 pop 2", "2024-06-26 rock 1"];

/** Two dates whose items somebody changed behind Topline's back, and one that has items alone. */
async function damaged(): Promise<World> {
  const world = newWorld();
  await drop(world, { "songs.csv": SONGS, "users.csv": USERS, "streams/a.csv": STREAMS });
  await run(contextOf(world), { runId: "r1" });
  const lease = await world.ledger.acquire("somebody", 30);
  for (const date of ["2024-06-25", "2024-06-26", "2024-06-30"]) {
    const wrong = { date, genre: "wrong", listen_count: 9n };
    await world.kpis.publish(PLAYS, date, [wrong], lease);
  }
  await world.ledger.release(lease);
  return world;
}

const rebuilt = (world: World, dates: RebuildDates) =>
  rebuild(contextOf(world), { operationId: "rebuild-1", dates });

const WRONG = [25, 26, 30].map((day) => `2024-06-${day} wrong 9`);

test("all dates that the zone or a table has are made right again", async () => {
  const world = await damaged();
  const report = await rebuilt(world, "all");
  expect(report).toMatchObject({
    operation: "rebuild",
    operation_id: "rebuild-1",
    changes: [],
    tables: [{ table: "PLAYS", put: 2, deleted: 3, unchanged: 0 }],
    zone: { songs: 0, users: 0, streams: 0 },
    warnings: [],
  });
  expect(report.dates.map(dateOf)).toEqual(["2024-06-25", "2024-06-26", "2024-06-30"]);
  expect(await plays(world)).toEqual(TABLES);
  const again = await rebuilt(world, "all");
  expect(again.tables).toEqual([{ table: "PLAYS", put: 0, deleted: 0, unchanged: 2 }]);
});

test("one date, or those of a range, are made right, and no others", async () => {
  const one = await damaged();
  await rebuilt(one, { date: "2024-06-26" });
  expect(await plays(one)).toEqual([WRONG[0], TABLES[1], WRONG[2]]);
  const range = await damaged();
  const { dates } = await rebuilt(range, { from: "2024-06-26", to: "2024-07-31" });
  expect(dates.map(dateOf)).toEqual(["2024-06-26", "2024-06-30"]);
  expect(await plays(range)).toEqual([WRONG[0], TABLES[1]]);
});

test("the cursor moves where every date was computed, and stays where some were", async () => {
  const world = await damaged();
  const plan = smallPlan(2);
  const before = await world.ledger.cursor();
  await rebuild(contextOf(world, { plan }), { operationId: "a", dates: { date: "2024-06-25" } });
  expect(await world.ledger.cursor()).toEqual(before);
  await rebuild(contextOf(world, { plan }), { operationId: "b", dates: "all" });
  expect(await world.ledger.cursor()).toEqual({ ...before, planHash: plan.hash });
});

test("a failed audit publishes nothing", async () => {
  const world = await damaged();
  const broken = contextOf(world, { plan: smallPlan(2, { broken: true }) });
  const failing = rebuild(broken, { operationId: "a", dates: "all" });
  await expect(failing).rejects.toMatchObject({ code: "AUDIT_FAILED" });
  expect(await plays(world)).toEqual(WRONG);
});

test("nothing is done while a run is open", async () => {
  const world = await damaged();
  await drop(world, { "streams/b.csv": STREAMS });
  await validate(contextOf(world), { runId: "r2" });
  await expect(rebuilt(world, "all")).rejects.toMatchObject({
    code: "RUN_OPEN",
    isRetryable: true,
    message: expect.stringMatching(/^Run r2 is open.*topline abandon r2/) as string,
  });
  expect(await plays(world)).toEqual(WRONG);
  expect(await world.ledger.holder()).toBeUndefined();
});

test.each(["before", "after"] as const)(
  "killed just %s any call, it is done again",
  async (moment) => {
    const perform = (context: Parameters<typeof rebuild>[0], operationId: string) =>
      rebuild(context, { operationId, dates: "all" });
    expect(await expectRepeatable(damaged, perform, moment)).toBeGreaterThan(10);
  },
);
