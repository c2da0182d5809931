import {
  type PipelineContext,
  type RunReport,
  type StepName,
  ToplineError,
  transform,
  validate,
  watch,
  type WatchOptions,
  type WatchState,
} from "@topline/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { smallEngine } from "./small-engine.ts";
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

const FILES = { "songs.csv": SONGS, "users.csv": USERS, "streams/a.csv": STREAMS };
const LATE = "user_id,track_id,listen_time\nu9,t2,2024-06-26 01:00:00\n";
const TABLES = ["2024-06-25 pop 2", "2024-06-26 rock 1"];
const INTERVAL = 3_000;
const BACKOFF = 5_000;
const IDLE: WatchState = { status: "idle", ignored: [] };

/** Everything here ends in microtasks, or sleeps on the virtual clock: after this, all of it has. */
const quiet = () => new Promise<void>((resolve) => void setImmediate(resolve));

interface Watching {
  readonly reports: RunReport[];
  readonly states: WatchState[];
  /** How often the inbox was listed. */
  readonly looks: () => number;
  readonly over: Promise<void>;
  stop(): Promise<void>;
}

/** A watch that has had its first look. */
async function watching(
  world: World,
  options: Partial<PipelineContext> = {},
  settings: Partial<WatchOptions> = {},
): Promise<Watching> {
  const reports: RunReport[] = [];
  const states: WatchState[] = [];
  const stop = new AbortController();
  let runs = 0;
  let looks = 0;
  const store: World["store"] = {
    ...world.store,
    list(prefix, options) {
      if (prefix === "raw-data/") looks++;
      return world.store.list(prefix, options);
    },
  };
  const context = contextOf({ ...world, store }, { signal: stop.signal, ...options });
  const over = watch(context, {
    intervalMs: INTERVAL,
    backoffMs: BACKOFF,
    longestBackoffMs: 8 * BACKOFF,
    random: () => 0.5,
    newRunId: () => `${settings.newRunId?.() ?? "r"}${++runs}`,
    onReport: (report) => void reports.push(report),
    onState: (state) => void states.push(state),
    ...(settings.onStep === undefined ? {} : { onStep: settings.onStep }),
  });
  const end = async () => {
    stop.abort();
    await over;
  };
  onTestFinished(end);
  await quiet();
  return { reports, states, looks: () => looks, over, stop: end };
}

/** Lets `ms` go by, one look after the other. */
async function pass(world: World, ms: number): Promise<void> {
  for (let gone = 0; gone < ms; gone += INTERVAL) {
    world.clock.advance(INTERVAL);
    await quiet();
  }
}

const statuses = ({ reports }: Watching) => reports.map(({ status }) => status);
const last = ({ states }: Watching) => states.at(-1);

const unavailable = () => Promise.reject(new ToplineError("STORE_UNAVAILABLE", "Throttled."));

/** Publishing fails for as long as `isDown` holds. */
function flaky(
  world: World,
  isDown: () => boolean,
  fail: () => Promise<never> = unavailable,
): World {
  const { kpis } = world;
  return {
    ...world,
    kpis: { ...kpis, publish: (...args) => (isDown() ? fail() : kpis.publish(...args)) },
  };
}

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

describe("a failure", () => {
  test("that stays is left alone until the inbox changes", async () => {
    const world = newWorld();
    await drop(world, FILES);
    const watched = await watching(world, { plan: smallPlan(1, { broken: true }) });
    await pass(world, 100 * INTERVAL);
    expect(watched.reports.map(({ error }) => error?.code)).toEqual(["AUDIT_FAILED"]);
    expect(watched.states).toMatchObject([
      { status: "failed", error: { code: "AUDIT_FAILED" }, retry_at: null },
    ]);

    await drop(world, { "streams/b.csv": LATE });
    await pass(world, 5 * INTERVAL);
    expect(watched.reports).toHaveLength(2);
    await world.store.delete("raw-data/streams/b.csv");
    await pass(world, 5 * INTERVAL);
    expect(watched.reports).toHaveLength(3);
  });

  test("that stays is tried again when another finishes the open run", async () => {
    const world = newWorld();
    await drop(world, FILES);
    const watched = await watching(world, { plan: smallPlan(1, { broken: true }) });
    const lease = await world.ledger.acquire("another", 1);
    await world.ledger.close("r1", lease);
    await world.ledger.release(lease);
    await pass(world, INTERVAL);
    expect(watched.reports.map(({ run_id }) => run_id)).toEqual(["r1", "r2"]);
  });

  test("that may pass is tried again ever more rarely, up to a limit, and soon again after a success", async () => {
    const world = newWorld();
    await drop(world, FILES);
    const began = world.clock.now().getTime();
    let isDown = true;
    const times: number[] = [];
    const onStep = (step: StepName) => {
      if (step === "detect") times.push((world.clock.now().getTime() - began) / 1000);
    };
    const watched = await watching(
      flaky(world, () => isDown),
      {},
      { onStep },
    );
    await pass(world, 160_000);
    // After 5, 10, 20, 40, 40 … seconds: at the first look from then on, every 3 seconds.
    expect(times).toEqual([0, 6, 18, 39, 81, 123]);
    expect(watched.states.map((state) => "retry_at" in state && state.retry_at)).toEqual(
      [5, 16, 38, 79, 121, 163].map((seconds) => new Date(began + seconds * 1000)),
    );

    isDown = false;
    await pass(world, 6_000);
    expect(statuses(watched).at(-1)).toBe("succeeded");
    expect(await plays(world)).toEqual(TABLES);

    isDown = true;
    await drop(world, { "streams/late.csv": LATE });
    times.length = 0;
    await pass(world, 9_000);
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 6]);
  });

  test("that may pass is tried again at once when something arrives", async () => {
    const world = newWorld();
    await drop(world, FILES);
    let isDown = true;
    const watched = await watching(flaky(world, () => isDown));
    isDown = false;
    await drop(world, { "streams/late.csv": LATE });
    await pass(world, INTERVAL);
    expect(statuses(watched)).toEqual(["failed", "succeeded"]);
    expect(await plays(world)).toEqual(["2024-06-25 pop 2", "2024-06-26 rock 2"]);
  });

  test("of a run during which something arrived is followed by another run", async () => {
    const world = newWorld();
    await drop(world, FILES);
    const fail = async () => {
      await drop(world, { "streams/late.csv": LATE });
      return Promise.reject(new ToplineError("STORE_REFUSED", "No."));
    };
    let failed = 0;
    const watched = await watching(flaky(world, () => failed++ === 0, fail));
    await pass(world, INTERVAL);
    expect(statuses(watched)).toEqual(["failed", "succeeded"]);
  });

  test("of a look is told once, and looks go on, ever more rarely, until one succeeds", async () => {
    const world = newWorld();
    let isDown = true;
    let looks = 0;
    const ledger: World["ledger"] = {
      ...world.ledger,
      async openRun() {
        looks++;
        if (isDown) throw new ToplineError("STORE_UNAVAILABLE", "Throttled.");
        return world.ledger.openRun();
      },
    };
    const watched = await watching({ ...world, ledger });
    await pass(world, 120_000);
    expect(looks).toBe(5); // after 5, 10, 20 and 40 seconds
    expect(watched.states).toMatchObject([
      { status: "unreachable", error: { code: "STORE_UNAVAILABLE" } },
    ]);
    isDown = false;
    await pass(world, 60_000);
    expect(last(watched)).toEqual(IDLE);
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
