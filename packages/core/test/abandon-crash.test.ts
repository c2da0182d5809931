import { abandon, archive, run, ToplineError, transform, validate } from "@topline/core";
import { describe, expect, test } from "vitest";
import { type Dying, dying, type Moment } from "./crash.ts";
import { readText, smallEngine } from "./small-engine.ts";
import { state } from "./state.ts";
import {
  contextOf,
  drop,
  keys,
  newWorld,
  plays,
  SONGS,
  STREAMS,
  USERS,
  type World,
} from "./world.ts";

/**
 * Every external call of an abandonment is a place to die. Whoever comes next, to abandon or to run, brings it to an
 * end in which no file is lost and nothing is open.
 */

const line = (n: number) => `u${n},t1,2024-06-25 1${n}:00:00\n`;
const HEADER = "user_id,track_id,listen_time\n";
const FILES = {
  "songs.csv": SONGS,
  "users.csv": USERS,
  "streams/a.csv": STREAMS,
  "streams/bad.csv": `${HEADER}x\ny\n`,
  "streams/gone.csv": HEADER + line(3),
  "streams/replaced.csv": HEADER + line(4),
};
const NEWER = HEADER + line(5);
const RUN = { runId: "r1", runDate: "2024-06-27" };

async function changeInbox(world: World): Promise<void> {
  await drop(world, { "streams/replaced.csv": NEWER });
  for (const name of ["gone", "bad"]) await world.store.delete(`raw-data/streams/${name}.csv`);
}

async function opened(): Promise<World> {
  const world = newWorld();
  await drop(world, FILES);
  await validate(contextOf(world), RUN);
  await changeInbox(world);
  return world;
}

/** As a process sees the world that is killed at call `at`. */
function victimOf(world: World, at: number, moment: Moment) {
  const victim: Dying = dying(world, at, moment);
  const context = contextOf(
    { ...victim.world, clock: world.clock },
    { engine: smallEngine(victim.world.store) },
  );
  return { victim, context };
}

const histories: Record<string, () => Promise<World>> = {
  "that was validated": opened,
  "whose transform has succeeded": async () => {
    const world = await opened();
    await transform(contextOf(world), "r1");
    return world;
  },
  "whose archive ended midway": async () => {
    const world = await opened();
    await transform(contextOf(world), "r1");
    const store: World["store"] = {
      ...world.store,
      delete: (key, options) =>
        key === "raw-data/songs.csv"
          ? Promise.reject(new ToplineError("STORE_REFUSED", "Access denied."))
          : world.store.delete(key, options),
    };
    await archive(contextOf({ ...world, store }), "r1").catch(() => undefined);
    expect(await keys(world, "raw-data/")).toEqual([
      "raw-data/songs.csv",
      "raw-data/streams/replaced.csv",
    ]);
    return world;
  },
};

async function killedAbandonment(history: () => Promise<World>, at: number, moment: Moment) {
  const world = await history();
  const { victim, context } = victimOf(world, at, moment);
  await abandon(context, "r1").catch(() => undefined);
  world.clock.advance(60_000);
  return { world, calls: victim.calls() };
}

/** Every text that a producer ever brought lies somewhere. */
async function expectNothingLost(world: World, when: string): Promise<void> {
  const texts = new Set<string>();
  for (const place of ["raw-data/", "archive/", "rejected/"]) {
    for (const key of await keys(world, place)) texts.add(await readText(world.store, key));
  }
  for (const text of [...Object.values(FILES), NEWER]) {
    expect(texts.has(text), `${when}: ${text}`).toBe(true);
  }
}

describe.each(Object.keys(histories))("abandoning a run %s", (name) => {
  const history = histories[name] as () => Promise<World>;

  describe.each(["before", "after"] as const)("killed just %s an external call", (moment) => {
    test("ends, abandoned again, as if nobody had killed it", async () => {
      const { world: whole, calls } = await killedAbandonment(history, Infinity, moment);
      const expected = await state(whole);
      expect(calls).toBeGreaterThan(30);
      expect(expected.open).toBeUndefined();
      await expectNothingLost(whole, "undisturbed");
      for (let at = 1; at <= calls; at++) {
        const when = `killed ${moment} call ${at}`;
        const { world } = await killedAbandonment(history, at, moment);
        const report = await abandon(contextOf(world), "r1");
        expect(report.error?.code, when).toBe("ABANDONED");
        expect(await state(world), when).toEqual(expected);
        expect(await keys(world, "runs/r1/input/"), when).toEqual([]);
        expect((await world.ledger.get("r1"))?.error, when).toMatch(/^ABANDONED/);
      }
    });

    test("is finished, or the run is, by the next run, which then goes on", async () => {
      const { calls } = await killedAbandonment(history, Infinity, moment);
      for (let at = 1; at <= calls; at++) {
        const when = `killed ${moment} call ${at}`;
        const { world } = await killedAbandonment(history, at, moment);
        const report = await run(contextOf(world), { runId: "r2", runDate: "2024-06-28" });
        expect(report.error, when).toBeNull();
        expect(await world.ledger.openRun(), when).toBeUndefined();
        expect(await keys(world, "raw-data/"), when).toEqual([]);
        expect(await keys(world, "runs/r1/input/"), when).toEqual([]);
        await expectNothingLost(world, when);

        const isAbandoned = await wasAbandoned(world);
        const rejected = isAbandoned ? [] : await keys(world, "rejected/");
        const foreign = rejected.filter((key) => !key.includes("/bad.csv"));
        expect(foreign, when).toEqual([]);
        // Whether the run's own rows count depends on which of the two was finished; nothing counts twice.
        const isTakenIn = name !== "that was validated" || !isAbandoned;
        expect(await plays(world), when).toEqual([
          `2024-06-25 pop ${isTakenIn ? 5 : 3}`,
          "2024-06-26 rock 1",
        ]);
      }
    });
  });
});

test.each(["before", "after"] as const)(
  "an archive killed just %s any external call: abandoned, the run is closed and no file is lost",
  async (moment) => {
    const history = histories["whose transform has succeeded"] as () => Promise<World>;
    const killedArchive = async (at: number) => {
      const world = await history();
      const { victim, context } = victimOf(world, at, moment);
      await archive(context, "r1").catch(() => undefined);
      world.clock.advance(60_000);
      return { world, calls: victim.calls() };
    };
    const { calls } = await killedArchive(Infinity);
    const statuses: unknown[] = [];
    for (let at = 1; at <= calls; at++) {
      const when = `killed ${moment} call ${at}`;
      const { world } = await killedArchive(at);
      if ((await world.ledger.openRun()) === undefined) continue;
      const report = await abandon(contextOf(world), "r1");
      statuses.push(report.status);
      expect(await world.ledger.openRun(), when).toBeUndefined();
      expect(await keys(world, "runs/r1/input/"), when).toEqual([]);
      await expectNothingLost(world, when);
      await run(contextOf(world), { runId: "r2" });
      expect(await plays(world), when).toEqual(["2024-06-25 pop 5", "2024-06-26 rock 1"]);
    }
    // Killed late, all was done but the closing.
    expect(new Set(statuses)).toEqual(new Set(["failed", "succeeded"]));
  },
);

const wasAbandoned = async (world: World) =>
  (await world.ledger.get("r1"))?.error?.startsWith("ABANDONED") === true;
