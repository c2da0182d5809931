import { type StepName, ToplineError } from "@topline/core";
import { describe, expect, test } from "vitest";
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
import { drop, newWorld, plays, smallPlan, type World } from "./world.ts";

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
