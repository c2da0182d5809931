import {
  abandon,
  archive,
  manifestKey,
  type PipelineContext,
  run,
  type RunReport,
  stepKey,
  ToplineError,
  transform,
  validate,
} from "@topline/core";
import { describe, expect, test } from "vitest";
import { readText, writeText } from "./small-engine.ts";
import {
  contextOf,
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

const FILES = { "songs.csv": SONGS, "users.csv": USERS, "streams/a.csv": STREAMS };
const KEYS = Object.keys(FILES).map((name) => `raw-data/${name}`);
const TABLES = ["2024-06-25 pop 2", "2024-06-26 rock 1"];
const OTHER = "user_id,track_id,listen_time\nu5,t2,2024-06-26 13:00:00\n";
const RUN = { runId: "r1", runDate: "2024-06-27" };

async function openedRun(files: Record<string, string> = FILES): Promise<World> {
  const world = newWorld();
  await drop(world, files);
  await validate(contextOf(world), RUN);
  return world;
}

const where = (report: RunReport) =>
  report.sources.map(({ key, rejected, archived_to }) => [key, rejected, archived_to]);

/** What holds of every run that was abandoned, whatever had become of it. */
async function expectClosed(world: World, runId = "r1"): Promise<void> {
  expect(await world.ledger.openRun()).toBeUndefined();
  expect(await world.ledger.holder()).toBeUndefined();
  expect(await keys(world, `runs/${runId}/input/`)).toEqual([]);
  expect(await world.ledger.get(runId)).toMatchObject({
    status: "failed",
    finished_at: expect.any(String) as string,
    error: expect.stringMatching(/^ABANDONED: /) as string,
  });
}

describe("an open run that is abandoned", () => {
  test("leaves its files in the inbox, and the next run takes them in", async () => {
    const world = await openedRun();
    const report = await abandon(contextOf(world), "r1");
    expect(report).toMatchObject({
      run_id: "r1",
      status: "failed",
      error: { code: "ABANDONED", is_retryable: false },
      warnings: [],
    });
    expect(where(report)).toEqual(KEYS.toSorted().map((key) => [key, null, null]));
    await expectClosed(world);
    expect(await keys(world, "raw-data/")).toEqual(KEYS.toSorted());
    expect(await keys(world, "rejected/")).toEqual([]);

    expect((await run(contextOf(world), { runId: "r2" })).status).toBe("succeeded");
    expect(await plays(world)).toEqual(TABLES);
  });

  test("moves to rejected/ what the inbox no longer holds as it was, with the reason beside it", async () => {
    const world = await openedRun({ ...FILES, "streams/b.csv": OTHER });
    await drop(world, { "streams/a.csv": OTHER });
    await world.store.delete("raw-data/streams/b.csv");

    const report = await abandon(contextOf(world), "r1");
    const folder = "rejected/2024-06-27/";
    expect(where(report)).toEqual([
      ["raw-data/songs.csv", null, null],
      ["raw-data/streams/a.csv", "ABANDONED", `${folder}streams/a.csv`],
      ["raw-data/streams/b.csv", "ABANDONED", `${folder}streams/b.csv`],
      ["raw-data/users.csv", null, null],
    ]);
    await expectClosed(world);
    expect(await keys(world, "rejected/")).toEqual(
      ["a.csv", "a.csv.reason.json", "b.csv", "b.csv.reason.json"].map(
        (name) => `${folder}streams/${name}`,
      ),
    );
    expect(await readText(world.store, `${folder}streams/a.csv`)).toBe(STREAMS);
    const reason = await readText(world.store, `${folder}streams/a.csv.reason.json`);
    const source = report.sources[1];
    expect(JSON.parse(reason)).toMatchObject({
      key: "raw-data/streams/a.csv",
      source_id: source?.source_id,
      dataset: "streams",
      run_id: "r1",
      code: "ABANDONED",
    });
    expect(await world.ledger.source(source?.source_id ?? "")).toMatchObject({
      state: "rejected",
      archivedTo: `${folder}streams/a.csv`,
      runId: "r1",
    });
    expect(report.warnings.join("\n")).toContain(`${folder}streams/b.csv`);
  });

  test("keeps the reason of a file that was refused for itself", async () => {
    const world = await openedRun({ ...FILES, "streams/empty.csv": "" });
    await world.store.delete("raw-data/streams/empty.csv");
    const report = await abandon(contextOf(world), "r1");
    expect(where(report)).toContainEqual([
      "raw-data/streams/empty.csv",
      "EMPTY_FILE",
      "rejected/2024-06-27/streams/empty.csv",
    ]);
  });

  test("tells that its rows are in the zone and published; to take them in again changes nothing", async () => {
    const world = await openedRun();
    await transform(contextOf(world), "r1");
    const report = await abandon(contextOf(world), "r1");
    expect(report.warnings).toEqual([
      expect.stringMatching(/in the zone \(songs, users, streams\).*the KPI tables show them/),
    ]);
    expect(report.sources.map(({ accepted }) => accepted)).toEqual([2n, 3n, 2n]);
    expect(report.dates).toHaveLength(2);
    await expectClosed(world);

    const again = await run(contextOf(world), { runId: "r2" });
    expect(again.tables).toEqual([{ table: "PLAYS", put: 0, deleted: 0, unchanged: 2 }]);
    expect(await plays(world)).toEqual(TABLES);
  });

  test("tells that its rows are in the zone and not published yet; the next run does it", async () => {
    const world = await openedRun();
    const broken = contextOf(world, { plan: smallPlan(2, { broken: true }) });
    expect((await run(broken, { runId: "r2" })).error?.code).toBe("AUDIT_FAILED");
    for (const key of KEYS) await world.store.delete(key);

    const report = await abandon(contextOf(world), "r1");
    expect(report.warnings.join()).toMatch(/in the zone.*the next run publishes them/);
    expect(report.error?.code).toBe("ABANDONED");
    expect(await plays(world)).toEqual([]);
    expect((await run(contextOf(world), { runId: "r3" })).status).toBe("succeeded");
    expect(await plays(world)).toEqual(TABLES);
  });

  test("whose archive was cut off keeps what it had archived, and rejects none of it", async () => {
    const world = await openedRun();
    await transform(contextOf(world), "r1");
    const store: PipelineContext["store"] = {
      ...world.store,
      delete: (key, options) =>
        key === "raw-data/streams/a.csv"
          ? Promise.reject(new ToplineError("STORE_REFUSED", "Access denied."))
          : world.store.delete(key, options),
    };
    await expect(archive(contextOf({ ...world, store }), "r1")).rejects.toThrow("Access denied");

    const report = await abandon(contextOf(world), "r1");
    expect(where(report)).toEqual([
      ["raw-data/songs.csv", null, "archive/raw-data/2024-06-27/songs.csv"],
      ["raw-data/streams/a.csv", null, null],
      ["raw-data/users.csv", null, "archive/raw-data/2024-06-27/users.csv"],
    ]);
    await expectClosed(world);
    expect(await keys(world, "raw-data/")).toEqual(["raw-data/streams/a.csv"]);
    expect(await keys(world, "rejected/")).toEqual([]);
    const [songs] = report.sources;
    expect(await world.ledger.source(songs?.source_id ?? "")).toMatchObject({ state: "accepted" });
  });

  test("takes no copy that an earlier run archived for its own", async () => {
    const world = await openedRun();
    await run(contextOf(world), RUN);
    await drop(world, { "streams/a.csv": STREAMS });
    await validate(contextOf(world), { ...RUN, runId: "r2" });
    await world.store.delete("raw-data/streams/a.csv");
    const report = await abandon(contextOf(world), "r2");
    expect(where(report)).toEqual([
      ["raw-data/streams/a.csv", "ABANDONED", "rejected/2024-06-27/streams/a.csv"],
    ]);
  });

  test("says so where no copy of a file is left", async () => {
    const world = await openedRun();
    await world.store.delete("raw-data/streams/a.csv");
    for (const key of await keys(world, "runs/r1/input/")) await world.store.delete(key);
    const report = await abandon(contextOf(world), "r1");
    expect(where(report)[1]).toEqual(["raw-data/streams/a.csv", "ABANDONED", null]);
    expect(report.warnings.join("\n")).toMatch(/raw-data\/streams\/a\.csv no copy is left/);
    await expectClosed(world);
  });

  test("is closed as the success it is when nothing but the closing was left", async () => {
    const world = await openedRun();
    await transform(contextOf(world), "r1");
    const ledger: PipelineContext["ledger"] = {
      ...world.ledger,
      close: () => Promise.reject(new ToplineError("STORE_UNAVAILABLE", "gone")),
    };
    await expect(archive(contextOf({ ...world, ledger }), "r1")).rejects.toThrow("gone");
    const report = await abandon(contextOf(world), "r1");
    expect(report).toMatchObject({ status: "succeeded", error: null });
    expect(await world.ledger.openRun()).toBeUndefined();
    expect((await world.ledger.get("r1"))?.status).toBe("succeeded");
  });
});

describe("what cannot be read does not keep a run open", () => {
  test.each([
    ["is gone", (world: World) => world.store.delete(manifestKey("r1"))],
    ["is damaged", (world: World) => writeText(world.store, manifestKey("r1"), "{")],
  ])("a manifest that %s: copies are known by their source ids", async (_what, harm) => {
    const world = await openedRun();
    await drop(world, { "streams/a.csv": OTHER });
    const copies = await keys(world, "runs/r1/input/");
    await harm(world);
    await expect(validate(contextOf(world), { runId: "r2" })).rejects.toThrow(/manifest/);

    const report = await abandon(contextOf(world), "r1");
    expect(report).toMatchObject({ status: "failed", error: { code: "ABANDONED" } });
    expect(report.warnings.join()).toMatch(/manifest of run r1 is missing or cannot be read/);
    const [file, reason, ...more] = await keys(world, "rejected/");
    expect(more).toEqual([]);
    expect(await readText(world.store, file ?? "")).toBe(STREAMS);
    expect(copies.map((key) => key.slice("runs/r1/input/".length))).toContain(
      file?.slice("rejected/2024-06-26/".length),
    );
    expect(JSON.parse(await readText(world.store, reason ?? ""))).toMatchObject({
      dataset: null,
      code: "ABANDONED",
    });
    await expectClosed(world);
    expect((await run(contextOf(world), { runId: "r2" })).status).toBe("succeeded");
  });

  test("a transform's part: what the run archived is still known as archived", async () => {
    const world = await openedRun();
    await transform(contextOf(world), "r1");
    await archive(contextOf(world), "r1");
    const lease = await world.ledger.acquire("test", 1);
    await world.ledger.open("r1", lease);
    await world.ledger.release(lease);
    await writeText(world.store, stepKey("r1", "transform"), "{");
    await world.store.delete(stepKey("r1", "archive"));

    const report = await abandon(contextOf(world), "r1");
    expect(report.error?.code).toBe("ABANDONED");
    expect(await keys(world, "rejected/")).toEqual([]);
    await expectClosed(world);
  });
});

describe("abandoning", () => {
  test("again returns the same report", async () => {
    const world = await openedRun();
    const first = await abandon(contextOf(world), "r1");
    expect(await abandon(contextOf(world), "r1")).toEqual(first);
  });

  test("names the run that is open, or that none is, when it is asked for another", async () => {
    const world = await openedRun();
    await expect(abandon(contextOf(world), "r9")).rejects.toMatchObject({
      code: "RUN_NOT_FOUND",
      message: expect.stringContaining("The open run is r1.") as string,
    });
    await run(contextOf(world), RUN);
    await expect(abandon(contextOf(world), "r1")).rejects.toMatchObject({
      code: "RUN_NOT_OPEN",
      message: expect.stringMatching(/ended as succeeded at 2024.*No run is open\./) as string,
    });
    await expect(abandon(contextOf(world), "../r1")).rejects.toMatchObject({
      code: "RUN_ID_INVALID",
    });
  });

  test("refuses at once what is not open, also while another holds the lease", async () => {
    const world = newWorld();
    await world.ledger.acquire("someone else", 10);
    await expect(abandon(contextOf(world), "r1")).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  });

  test("waits for whoever works on the run, and leaves it alone if that one finishes it", async () => {
    const world = await openedRun();
    const lease = await world.ledger.acquire("someone else", 10);
    const abandoning = abandon(contextOf(world, { waitForLease: true }), "r1");
    while (world.clock.sleepers === 0) await Promise.resolve();
    await world.ledger.close("r1", lease);
    await world.ledger.release(lease);
    world.clock.advance(1_000);
    await expect(abandoning).rejects.toMatchObject({ code: "RUN_NOT_OPEN" });
  });

  test("changes nothing more once the lease is lost", async () => {
    const world = await openedRun();
    await world.store.delete("raw-data/streams/a.csv");
    const store: PipelineContext["store"] = {
      ...world.store,
      async put(key, body, options) {
        const put = await world.store.put(key, body, options);
        if (!key.endsWith("abandon.json")) return put;
        world.clock.advance(60_000);
        await world.ledger.acquire("the next one", 10);
        return put;
      },
    };
    await expect(abandon(contextOf({ ...world, store }), "r1")).rejects.toMatchObject({
      code: "LEASE_LOST",
    });
    expect(await keys(world, "rejected/")).toEqual([]);
    expect(await world.ledger.openRun()).toBe("r1");
  });

  test("makes every step of that run refuse to go on", async () => {
    const world = await openedRun();
    await abandon(contextOf(world), "r1");
    const context = contextOf(world);
    for (const step of [
      () => validate(context, { runId: "r1" }),
      () => transform(context, "r1"),
      () => archive(context, "r1"),
    ]) {
      await expect(step()).rejects.toMatchObject({
        code: "RUN_NOT_OPEN",
        message: expect.stringContaining("was abandoned") as string,
      });
    }
    expect(await run(context, { runId: "r1" })).toMatchObject({
      status: "failed",
      error: { code: "RUN_NOT_OPEN" },
    });
    expect(await world.ledger.openRun()).toBeUndefined();
  });
});
