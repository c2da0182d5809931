import { type StepName, transform, validate } from "@topline/core";
import { describe, expect, test } from "vitest";
import { smallEngine } from "./small-engine.ts";
import {
  FILES,
  flaky,
  IDLE,
  INTERVAL,
  last,
  LATE,
  pass,
  statuses,
  TABLES,
  watching,
} from "./watching.ts";
import {
  contextOf,
  drop,
  newWorld,
  plays,
  smallPlan,
  SONGS,
  STREAMS,
  USERS,
  type World,
} from "./world.ts";

describe("a watch", () => {
  test("over an empty inbox leaves no trace, says once what it waits for, and lists once a look", async () => {
    const world = newWorld();
    const watched = await watching(world);
    const before = watched.looks();
    await pass(world, 10 * INTERVAL);
    expect(watched.looks() - before).toBe(10);
    expect(watched.reports).toEqual([]);
    expect(watched.states).toEqual([IDLE]);
    expect(await Array.fromAsync(world.ledger.list())).toEqual([]);
  });

  test("runs over what lies there at the start, and over what arrives", async () => {
    const world = newWorld();
    await drop(world, FILES);
    const watched = await watching(world);
    expect(statuses(watched)).toEqual(["succeeded"]);
    expect(await plays(world)).toEqual(TABLES);

    await pass(world, 5 * INTERVAL);
    expect(watched.reports).toHaveLength(1);
    await drop(world, { "streams/late.csv": LATE });
    await pass(world, INTERVAL);
    expect(statuses(watched)).toEqual(["succeeded", "succeeded"]);
    expect(await plays(world)).toEqual(["2024-06-25 pop 2", "2024-06-26 rock 2"]);
    expect(watched.states).toEqual([IDLE, IDLE]);
  });

  test("takes in what arrives while a run is under way", async () => {
    const world = newWorld();
    await drop(world, FILES);
    let arrived = false;
    const onStep = (step: StepName) => {
      if (step !== "archive" || arrived) return;
      arrived = true;
      void drop(world, { "streams/a.csv": LATE });
    };
    const watched = await watching(world, {}, { onStep });
    await pass(world, INTERVAL);
    expect(statuses(watched)).toEqual(["succeeded", "succeeded"]);
    expect(await plays(world)).toEqual(["2024-06-25 pop 2", "2024-06-26 rock 2"]);
    expect(last(watched)).toEqual(IDLE);
  });

  test("takes the very same file in again when it arrives again during its run", async () => {
    const world = newWorld();
    await drop(world, FILES);
    let isFirst = true;
    const store: World["store"] = {
      ...world.store,
      async delete(key, options) {
        await world.store.delete(key, options);
        if (key !== "raw-data/streams/a.csv" || !isFirst) return;
        isFirst = false;
        await drop(world, { "streams/a.csv": STREAMS });
      },
    };
    const watched = await watching({ ...world, store });
    await pass(world, INTERVAL);
    expect(statuses(watched)).toEqual(["succeeded", "succeeded"]);
    expect(await Array.fromAsync(world.store.list("raw-data/"))).toEqual([]);
  });

  test("finishes the run that another left open, and publishes a stale cursor with an empty inbox", async () => {
    const world = newWorld();
    await drop(world, FILES);
    await validate(contextOf(world), { runId: "left" });
    await transform(contextOf(world), "left");
    const watched = await watching(world, { plan: smallPlan(2) });
    expect(watched.reports.map(({ run_id, status }) => [run_id, status])).toEqual([
      ["r1", "succeeded"],
    ]);
    expect((await world.ledger.get("left"))?.status).toBe("succeeded");
    expect(watched.reports[0]?.sources).toEqual([]);
    expect((await world.ledger.cursor())?.planHash).toBe(smallPlan(2).hash);
  });

  test("finishes an open run, also where what lies in the inbox would wait", async () => {
    const world = newWorld();
    await drop(world, FILES);
    await validate(contextOf(world), { runId: "left" });
    await world.store.delete("raw-data/songs.csv");
    const watched = await watching(world);
    expect(watched.reports.map(({ run_id }) => run_id)).toEqual(["left"]);
    expect(await plays(world)).toEqual(TABLES);
  });

  test("names what lies in the inbox and is no dataset's, anew when that changes", async () => {
    const world = newWorld();
    await drop(world, { "a.txt": "a" });
    const watched = await watching(world);
    await pass(world, 2 * INTERVAL);
    await drop(world, { "b.txt": "b" });
    await pass(world, 2 * INTERVAL);
    expect(watched.states).toEqual([
      { status: "idle", ignored: ["raw-data/a.txt"] },
      { status: "idle", ignored: ["raw-data/a.txt", "raw-data/b.txt"] },
    ]);
  });
});

describe("waiting", () => {
  test("for a dataset, told by the keys, makes no run and no entry in the ledger", async () => {
    const world = newWorld();
    await drop(world, { "streams/a.csv": STREAMS });
    const watched = await watching(world);
    for (let n = 0; n < 5; n++) {
      await drop(world, { [`streams/${n}.csv`]: STREAMS });
      await pass(world, INTERVAL);
    }
    expect(watched.states).toEqual([{ status: "waiting", waiting_for: ["songs", "users"] }]);
    expect(watched.reports).toEqual([]);
    expect(await Array.fromAsync(world.ledger.list())).toEqual([]);

    await drop(world, { "songs.csv": SONGS, "users.csv": USERS });
    await pass(world, INTERVAL);
    expect(statuses(watched)).toEqual(["succeeded"]);
  });

  test("because a head was refused makes one run, which moves the file aside", async () => {
    const world = newWorld();
    await drop(world, { ...FILES, "songs.csv": "only\n" });
    const watched = await watching(world);
    await pass(world, 5 * INTERVAL);
    expect(statuses(watched)).toEqual(["waiting"]);
    expect(watched.states).toEqual([{ status: "waiting", waiting_for: ["songs"] }]);
    expect(await Array.fromAsync(world.ledger.list())).toHaveLength(1);

    await drop(world, { "songs.csv": SONGS });
    await pass(world, INTERVAL);
    expect(statuses(watched)).toEqual(["waiting", "succeeded"]);
  });
});

test("two watches over one inbox run one after the other, and nothing counts twice", async () => {
  const world = newWorld();
  const both = [
    await watching(world, { holder: "one", waitForLease: true }, { newRunId: () => "a" }),
    await watching(world, { holder: "two", waitForLease: true }, { newRunId: () => "b" }),
  ];
  await drop(world, FILES);
  await pass(world, 4 * INTERVAL);
  expect(both.flatMap(statuses)).toEqual(["succeeded"]);
  expect(await plays(world)).toEqual(TABLES);
  expect((await world.zone.snapshot("streams")).version).toBe(0);
  expect(both.map(last)).toEqual([IDLE, IDLE]);
});

describe("stopped", () => {
  test.each(["while it sleeps", "while it backs off"])("%s it ends at once", async (when) => {
    const world = newWorld();
    await drop(world, when === "while it sleeps" ? {} : FILES);
    const watched = await watching(flaky(world, () => true));
    expect(last(watched)?.status).toBe(when === "while it sleeps" ? "idle" : "failed");
    await watched.stop();
    expect(world.clock.sleepers).toBe(0);
  });

  test("before it has begun it does nothing", async () => {
    const world = newWorld();
    await drop(world, FILES);
    const { reports, over } = await watching(world, { signal: AbortSignal.abort() });
    await over;
    expect(reports).toEqual([]);
    expect(await plays(world)).toEqual([]);
  });

  test("while it waits for the lease it tells of no run", async () => {
    const world = newWorld();
    await drop(world, FILES);
    await world.ledger.acquire("another", 600);
    const watched = await watching(world, { waitForLease: true });
    await watched.stop();
    expect(watched.reports).toEqual([]);
    expect(await world.ledger.openRun()).toBeUndefined();
  });

  test.each(["validate", "transform", "archive"] as const)(
    "during %s it leaves a run that the next watch finishes",
    async (during) => {
      const world = newWorld();
      await drop(world, FILES);
      const stop = new AbortController();
      const onStep = (step: StepName) => void (step === during && stop.abort());
      const watched = await watching(world, { signal: stop.signal }, { onStep });
      await watched.over;
      expect(await world.ledger.holder()).toBeUndefined();

      const next = await watching(world, {}, { newRunId: () => "next" });
      await pass(world, INTERVAL);
      expect(statuses(next)).toEqual(["succeeded"]);
      expect(await plays(world)).toEqual(TABLES);
      expect(await Array.fromAsync(world.store.list("raw-data/"))).toEqual([]);
    },
  );

  test("in mid-transform it tells of the run as cut off", async () => {
    const world = newWorld();
    await drop(world, FILES);
    const stop = new AbortController();
    const inner = smallEngine(world.store);
    const engine: typeof inner = {
      ...inner,
      async open(plan, options) {
        stop.abort();
        return inner.open(plan, options);
      },
    };
    const watched = await watching(world, { signal: stop.signal, engine });
    await watched.over;
    expect(watched.reports).toMatchObject([
      { run_id: "r1", status: "failed", error: { code: "CANCELLED", is_retryable: true } },
    ]);
    expect(await world.ledger.openRun()).toBe("r1");
  });
});
