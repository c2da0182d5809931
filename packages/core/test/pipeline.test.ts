import { archive, detect, run, ToplineError, transform, validate } from "@topline/core";
import { describe, expect, test } from "vitest";
import { readText } from "./small-engine.ts";
import {
  contextOf,
  dateOf,
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

const FIRST = { "songs.csv": SONGS, "users.csv": USERS, "streams/a.csv": STREAMS };
const TABLES = ["2024-06-25 pop 2", "2024-06-26 rock 1"];

async function worldWith(files: Record<string, string>): Promise<World> {
  const world = newWorld();
  await drop(world, files);
  return world;
}

describe("a run", () => {
  test("takes the inbox into zone and tables, and archives it under its names", async () => {
    const world = await worldWith(FIRST);
    const report = await run(contextOf(world), { runId: "r1", runDate: "2024-06-27" });

    expect(report.status).toBe("succeeded");
    expect(await plays(world)).toEqual(TABLES);
    expect(await keys(world, "raw-data/")).toEqual([]);
    expect(await keys(world, "archive/")).toEqual([
      "archive/raw-data/2024-06-27/songs.csv",
      "archive/raw-data/2024-06-27/streams/a.csv",
      "archive/raw-data/2024-06-27/users.csv",
    ]);
    expect(await keys(world, "runs/r1/input/")).toEqual([]);
    expect(report.dates.map(dateOf)).toEqual(["2024-06-25", "2024-06-26"]);
    expect(report.tables).toEqual([{ table: "PLAYS", put: 2, deleted: 0, unchanged: 0 }]);
    expect(report.steps.map((step) => [step.step, step.status, step.attempts])).toEqual([
      ["detect", "succeeded", 1],
      ["validate", "succeeded", 1],
      ["transform", "succeeded", 1],
      ["archive", "succeeded", 1],
    ]);
    expect(await world.ledger.openRun()).toBeUndefined();
    expect(await world.ledger.holder()).toBeUndefined();
    expect((await world.ledger.get("r1"))?.status).toBe("succeeded");
  });

  test("over the same files again writes nothing", async () => {
    const world = await worldWith(FIRST);
    await run(contextOf(world), { runId: "r1" });
    await drop(world, FIRST);
    const report = await run(contextOf(world), { runId: "r2" });
    expect(report.tables).toEqual([{ table: "PLAYS", put: 0, deleted: 0, unchanged: 2 }]);
    expect(report.dates.map((date) => date.duplicates)).toEqual([2n, 1n]);
  });

  test("without anything to do says so and leaves no trace", async () => {
    const world = await worldWith(FIRST);
    await run(contextOf(world), { runId: "r1" });
    const report = await run(contextOf(world), { runId: "r2" });
    expect(report.status).toBe("nothing-to-do");
    expect(await keys(world, "runs/r2/")).toEqual([]);
    expect(await world.ledger.get("r2")).toBeUndefined();
  });

  test("publishes from the zone alone when the plan has changed", async () => {
    const world = await worldWith(FIRST);
    await run(contextOf(world), { runId: "r1" });
    const report = await run(contextOf(world, { plan: smallPlan(2) }), { runId: "r2" });
    expect(report.status).toBe("succeeded");
    expect(report.sources).toEqual([]);
    expect(report.dates.map(dateOf)).toEqual(["2024-06-25", "2024-06-26"]);
    expect((await world.ledger.cursor())?.planHash).toBe(smallPlan(2).hash);
  });

  test("computes the dates of late files and of changed tracks, and no others", async () => {
    const world = await worldWith(FIRST);
    await run(contextOf(world), { runId: "r1" });
    await drop(world, {
      "streams/late.csv": "user_id,track_id,listen_time\nu9,t2,2024-06-26 01:00:00\n",
    });
    const late = await run(contextOf(world), { runId: "r2" });
    expect(late.dates.map(dateOf)).toEqual(["2024-06-26"]);

    world.clock.advance(1000);
    await drop(world, { "songs.csv": "track_id,genre\nt1,jazz\n" });
    const changed = await run(contextOf(world), { runId: "r3" });
    expect(changed.dates.map(dateOf)).toEqual(["2024-06-25"]);
    expect(await plays(world)).toEqual(["2024-06-25 jazz 2", "2024-06-26 rock 2"]);
    expect(changed.tables).toEqual([{ table: "PLAYS", put: 1, deleted: 1, unchanged: 0 }]);
  });

  test("waits for a dataset that neither inbox nor zone has, and moves nothing but refused files", async () => {
    const world = await worldWith({
      "songs.csv": "only\n",
      "users.csv": USERS,
      "streams/a.csv": STREAMS,
    });
    const report = await run(contextOf(world), { runId: "r1", runDate: "2024-06-27" });
    expect(report.status).toBe("waiting");
    expect(report.waiting_for).toEqual(["songs"]);
    expect(
      report.sources.map((source) => [source.key, source.rejected, source.archived_to]),
    ).toEqual([["raw-data/songs.csv", "MISSING_COLUMN", "rejected/2024-06-27/songs.csv"]]);
    expect(await keys(world, "raw-data/")).toEqual([
      "raw-data/streams/a.csv",
      "raw-data/users.csv",
    ]);
    expect(await keys(world, "runs/r1/input/")).toEqual([]);
    expect(await keys(world, "runs/r1/manifest")).toEqual([]);
    expect(
      JSON.parse(await readText(world.store, "rejected/2024-06-27/songs.csv.reason.json")),
    ).toMatchObject({
      key: "raw-data/songs.csv",
      code: "MISSING_COLUMN",
      run_id: "r1",
    });
    const recorded = [];
    for await (const source of world.ledger.sources()) recorded.push(source);
    expect(recorded).toMatchObject([
      {
        key: "raw-data/songs.csv",
        runId: "r1",
        archivedTo: "rejected/2024-06-27/songs.csv",
        state: "rejected",
      },
    ]);

    await drop(world, { "songs.csv": SONGS });
    expect((await run(contextOf(world), { runId: "r2" })).status).toBe("succeeded");
    expect(await plays(world)).toEqual(TABLES);
  });

  test("goes on without a refused file, which it moves aside with the reason", async () => {
    const bad = "user_id,track_id,listen_time\nx\ny\nu1,t1,2024-06-25 12:00:00\n";
    const world = await worldWith({ ...FIRST, "streams/bad.csv": bad, "streams/empty.csv": "" });
    const report = await run(contextOf(world), { runId: "r1", runDate: "2024-06-27" });
    expect(report.status).toBe("succeeded");
    expect(report.warnings).toHaveLength(2);
    expect(await keys(world, "rejected/")).toEqual([
      "rejected/2024-06-27/streams/bad.csv",
      "rejected/2024-06-27/streams/bad.csv.reason.json",
      "rejected/2024-06-27/streams/empty.csv",
      "rejected/2024-06-27/streams/empty.csv.reason.json",
    ]);
    expect(await plays(world)).toEqual(TABLES);
    expect(await keys(world, "raw-data/")).toEqual([]);
  });

  test("keeps an object that was replaced meanwhile for the next run", async () => {
    const world = await worldWith(FIRST);
    const context = contextOf(world);
    await validate(context, { runId: "r1" });
    const more = `${STREAMS}u2,t2,2024-06-26 10:00:00\n`;
    await drop(world, { "streams/a.csv": more });
    await transform(context, "r1");
    const { warnings } = await archive(context, "r1");
    expect(warnings).toHaveLength(1);
    expect(await keys(world, "raw-data/")).toEqual(["raw-data/streams/a.csv"]);
    expect(await plays(world)).toEqual(TABLES);

    await run(context, { runId: "r2" });
    expect(await plays(world)).toEqual(["2024-06-25 pop 2", "2024-06-26 rock 2"]);
  });

  test("never overwrites another source of the same name in the archive", async () => {
    const world = await worldWith(FIRST);
    await run(contextOf(world), { runId: "r1", runDate: "2024-06-27" });
    const other = "user_id,track_id,listen_time\nu5,t1,2024-06-25 13:00:00\n";
    await drop(world, { "streams/a.csv": other });
    const report = await run(contextOf(world), { runId: "r2", runDate: "2024-06-27" });
    const [source] = report.sources;
    expect(source?.archived_to).toBe(
      `archive/raw-data/2024-06-27/streams/a~${source?.source_id.slice(0, 8)}.csv`,
    );
    expect(await readText(world.store, "archive/raw-data/2024-06-27/streams/a.csv")).toBe(STREAMS);
    expect(await readText(world.store, source?.archived_to ?? "")).toBe(other);
  });

  test("leaves what is no dataset's file alone, and says so", async () => {
    const world = await worldWith({ ...FIRST, "notes.txt": "hello" });
    const report = await run(contextOf(world), { runId: "r1" });
    expect(report.status).toBe("succeeded");
    expect(report.warnings.join()).toContain("raw-data/notes.txt");
    expect(await keys(world, "raw-data/")).toEqual(["raw-data/notes.txt"]);
  });
});

describe("steps called one by one", () => {
  test("return what they did when called again", async () => {
    const world = await worldWith(FIRST);
    const context = contextOf(world);
    const validated = await validate(context, { runId: "r1" });
    const transformed = await transform(context, "r1");
    const archived = await archive(context, "r1");
    expect(await validate(context, { runId: "r1" })).toEqual(validated);
    expect(await transform(context, "r1")).toEqual(transformed);
    expect(await archive(context, "r1")).toEqual(archived);
    expect((await world.zone.snapshot("streams")).version).toBe(0);
  });

  test("refuse to run out of order", async () => {
    const world = await worldWith(FIRST);
    const context = contextOf(world);
    await expect(transform(context, "r1")).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
    await validate(context, { runId: "r1" });
    await expect(archive(context, "r1")).rejects.toMatchObject({ code: "STEP_OUT_OF_ORDER" });
  });

  test("validate refuses an id that would be an odd key", async () => {
    const world = await worldWith(FIRST);
    await expect(validate(contextOf(world), { runId: "../r1" })).rejects.toMatchObject({
      code: "RUN_ID_INVALID",
    });
  });

  test("validate returns the open run, whatever id is asked for", async () => {
    const world = await worldWith(FIRST);
    const context = contextOf(world);
    await validate(context, { runId: "r1" });
    await drop(world, { "streams/b.csv": STREAMS });
    const resumed = await validate(context, { runId: "r2" });
    expect(resumed.run_id).toBe("r1");
    expect(resumed.accepted).not.toContain("raw-data/streams/b.csv");

    const report = await run(context, { runId: "r3" });
    expect(report.run_id).toBe("r3");
    expect(report.sources.map((source) => source.key)).toEqual(["raw-data/streams/b.csv"]);
    expect((await world.ledger.get("r1"))?.status).toBe("succeeded");
  });

  test("detect tells what lies there, and which run is open", async () => {
    const world = newWorld();
    expect((await detect(contextOf(world))).status).toBe("empty");
    await drop(world, { "users.csv": USERS });
    expect(await detect(contextOf(world))).toMatchObject({
      status: "waiting",
      waiting_for: ["songs", "streams"],
    });
    await drop(world, FIRST);
    await validate(contextOf(world), { runId: "r1" });
    expect(await detect(contextOf(world))).toMatchObject({ status: "ready", open_run: "r1" });
  });
});

describe("a failed audit", () => {
  test("publishes nothing, and a mended plan unblocks the open run without appending twice", async () => {
    const world = await worldWith(FIRST);
    const broken = contextOf(world, { plan: smallPlan(2, { broken: true }) });
    const failed = await run(broken, { runId: "r1" });
    expect(failed).toMatchObject({ status: "failed", error: { code: "AUDIT_FAILED" } });
    expect(await plays(world)).toEqual([]);
    expect(await world.ledger.cursor()).toBeUndefined();
    expect(await keys(world, "raw-data/")).toHaveLength(3);

    const report = await run(contextOf(world, { plan: smallPlan(3) }), { runId: "r2" });
    expect(report.error).toBeNull();
    expect(report).toMatchObject({
      run_id: "r1",
      status: "succeeded",
      plan_hash: smallPlan(3).hash,
    });
    expect(report.dates.map((date) => date.duplicates)).toEqual([0n, 0n]);
    expect(await plays(world)).toEqual(TABLES);
  });
});

describe("the lease", () => {
  test("of another is named, and waited for where that is wanted", async () => {
    const world = await worldWith(FIRST);
    await world.ledger.acquire("someone else", 10);
    await expect(validate(contextOf(world), { runId: "r1" })).rejects.toMatchObject({
      code: "LEASE_HELD",
      message: expect.stringContaining("someone else") as string,
    });

    const waiting = validate(contextOf(world, { waitForLease: true }), { runId: "r1" });
    while (world.clock.sleepers === 0) await Promise.resolve();
    world.clock.advance(10_000);
    await expect(waiting).resolves.toMatchObject({ status: "ready" });
  });

  test("that is lost in mid-work ends the step before it changes anything more", async () => {
    const world = await worldWith(FIRST);
    await validate(contextOf(world), { runId: "r1" });
    const context = contextOf(world);
    const inner = context.engine;
    const engine: typeof inner = {
      ...inner,
      async open(plan, options) {
        const session = await inner.open(plan, options);
        return {
          ...session,
          async ingest(sources, limits) {
            const verdicts = await session.ingest(sources, limits);
            world.clock.advance(60_000);
            await world.ledger.acquire("the next one", 10);
            return verdicts;
          },
          [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
        };
      },
    };
    const failure = await transform({ ...context, engine }, "r1").catch((error: unknown) => error);
    expect(ToplineError.is(failure, "LEASE_LOST")).toBe(true);
    expect((await world.zone.snapshot("streams")).version).toBe(-1);
    expect(await plays(world)).toEqual([]);
    expect((await world.ledger.holder())?.holder).toBe("the next one");
  });

  test("is renewed while the work lasts, and released when it fails", async () => {
    const world = await worldWith(FIRST);
    const broken = contextOf(world, {
      validator: { checkHead: () => Promise.reject(new Error("disk on fire")) },
    });
    await expect(validate(broken, { runId: "r1" })).rejects.toThrow("disk on fire");
    expect(await world.ledger.holder()).toBeUndefined();
  });
});

test("a run that never came to be open is not told of as one that is", async () => {
  const world = await worldWith(FIRST);
  const isDown = new ToplineError("STORE_UNAVAILABLE", "The ledger does not answer.");
  const ledger = { ...world.ledger, open: () => Promise.reject(isDown) };
  const failing = validate(contextOf({ ...world, ledger }), { runId: "r1" });
  await expect(failing).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  await run(contextOf(world), { runId: "r2" });
  const runs = await Array.fromAsync(world.ledger.list());
  expect(runs.map(({ run_id, status }) => [run_id, status])).toEqual([["r2", "succeeded"]]);
});
