import { run } from "@topline/core";
import { describe, expect, test } from "vitest";
import { type Dying, dying, type Moment } from "./crash.ts";
import { smallEngine } from "./small-engine.ts";
import { state } from "./state.ts";
import {
  contextOf,
  drop,
  newWorld,
  smallPlan,
  SONGS,
  STREAMS,
  USERS,
  type World,
} from "./world.ts";

/**
 * Every external call of a run is a place to die. Dying there, before the call or after it, and running again
 * ends in the state of a run that nobody killed.
 */

const BAD = "user_id,track_id,listen_time\nx\ny\nu1,t1,2024-06-25 12:00:00\n";
const MIXED = `${STREAMS}broken\n`;

/** A catalogue, then the history that is cut: duplicates, a bad row, a refused file, a changed track. */
async function beforeTheRun(): Promise<World> {
  const world = newWorld();
  await drop(world, { "songs.csv": SONGS, "users.csv": USERS, "streams/a.csv": STREAMS });
  await run(contextOf(world), { runId: "r1", runDate: "2024-06-27" });
  world.clock.advance(60_000);
  await drop(world, {
    "songs.csv": "track_id,genre\nt2,jazz\n",
    "streams/a.csv": MIXED,
    "streams/bad.csv": BAD,
  });
  return world;
}

const OPTIONS = { runId: "r2", runDate: "2024-06-28" };

function killedRun(
  world: World,
  at: number,
  moment: Moment,
  plan = smallPlan(1),
): [Dying, Promise<unknown>] {
  const victim = dying(world, at, moment);
  const context = contextOf(
    { ...victim.world, clock: world.clock },
    { engine: smallEngine(victim.world.store), plan },
  );
  return [victim, run(context, OPTIONS).catch(() => undefined)];
}

async function undisturbed() {
  const world = await beforeTheRun();
  const [counter, done] = killedRun(world, Number.POSITIVE_INFINITY, "before");
  await done;
  return { calls: counter.calls(), expected: await state(world) };
}

describe.each(["before", "after"] as const)("killed just %s an external call", (moment) => {
  test("a run ends, run again under another id, as if nobody had killed it", async () => {
    const { calls, expected } = await undisturbed();
    expect(calls).toBeGreaterThan(50);
    expect(expected.inbox).toEqual([]);
    for (let at = 1; at <= calls; at++) {
      const world = await beforeTheRun();
      const [, died] = killedRun(world, at, moment);
      await died;
      world.clock.advance(60_000);
      const report = await run(contextOf(world), { runId: "r3", runDate: "2024-06-28" });
      expect(report.error, `killed ${moment} call ${at}`).toBeNull();
      expect(await state(world), `killed ${moment} call ${at}`).toEqual(expected);
    }
  });

  test("a run ends, run again under the same id and a changed plan, with every row once", async () => {
    const { calls, expected } = await undisturbed();
    for (let at = 1; at <= calls; at += 3) {
      const world = await beforeTheRun();
      const [, died] = killedRun(world, at, moment);
      await died;
      world.clock.advance(60_000);
      const again = contextOf(world, { plan: smallPlan(2) });
      await run(again, OPTIONS);
      await run(again, { runId: "r3", runDate: "2024-06-28" });
      expect(await state(world), `killed ${moment} call ${at}`).toEqual(expected);
      expect((await world.ledger.cursor())?.planHash).toBe(smallPlan(2).hash);
    }
  });
});
