import {
  abandon,
  type PipelineContext,
  preview,
  run,
  type RunPreview,
  ToplineError,
  transform,
  validate,
} from "@topline/core";
import { describe, expect, test } from "vitest";
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

const FILES = { "songs.csv": SONGS, "users.csv": USERS, "streams/a.csv": STREAMS };
const LATE = "user_id,track_id,listen_time\nu9,t2,2024-06-26 01:00:00\n";

/** A world that refuses every change, and every look into a file of the inbox. */
function watched({ store, ledger, zone, kpis, clock }: World): World {
  const refuse = (what: string) => () => {
    throw new Error(`${what} was called`);
  };
  const looking = {
    put: refuse("put"),
    copy: refuse("copy"),
    delete: refuse("delete"),
  };
  return {
    clock,
    store: {
      ...store,
      ...looking,
      get: (key, options) => {
        if (key.startsWith("raw-data/")) throw new Error(`${key} was read`);
        return store.get(key, options);
      },
    },
    zone: { ...zone, commit: refuse("commit") },
    kpis: { ...kpis, publish: refuse("publish") },
    ledger: {
      ...ledger,
      acquire: refuse("acquire"),
      renew: refuse("renew"),
      open: refuse("open"),
      close: refuse("close"),
      moveCursor: refuse("moveCursor"),
      record: refuse("record"),
      recordSources: refuse("recordSources"),
    },
  };
}

const look = (world: World, options: Partial<PipelineContext> = {}): Promise<RunPreview> =>
  preview(contextOf(watched(world), options));

async function published(): Promise<World> {
  const world = newWorld();
  await drop(world, FILES);
  await run(contextOf(world), { runId: "r0" });
  world.clock.advance(60_000);
  return world;
}

describe("a preview", () => {
  test("of nothing at all says so", async () => {
    expect(await look(newWorld())).toEqual({
      actions: [],
      waiting_for: [],
      open_run: null,
      inbox: { files: [], ignored: [] },
      published: null,
      zone: { songs: -1, users: -1, streams: -1 },
      plan_hash: smallPlan(1).hash,
      dates: [],
      dates_unknown_for: [],
      tables: [{ table: "PLAYS", change: "none" }],
    });
  });

  test("tells files from what is ignored, and whose dates are not known", async () => {
    const world = newWorld();
    await drop(world, { ...FILES, "notes.txt": "hello" });
    const found = await look(world);
    expect(found.actions).toEqual(["take-in"]);
    expect(found.inbox.files).toContainEqual({
      key: "raw-data/streams/a.csv",
      dataset: "streams",
      size: STREAMS.length,
      arrived_at: "2024-06-26T00:00:00.000Z",
      run_id: null,
    });
    expect(found.inbox.ignored).toEqual(["raw-data/notes.txt"]);
    // The small plan reads no users: they touch no date.
    expect(found.dates_unknown_for).toEqual(["raw-data/songs.csv", "raw-data/streams/a.csv"]);
    expect(found.dates).toEqual([]);
    expect(found.tables).toEqual([{ table: "PLAYS", change: "write" }]);
  });

  test("names the datasets that the run would wait for", async () => {
    const world = newWorld();
    await drop(world, { "users.csv": USERS });
    expect(await look(world)).toMatchObject({
      actions: ["wait"],
      waiting_for: ["songs", "streams"],
      dates_unknown_for: [],
      tables: [{ table: "PLAYS", change: "none" }],
    });
  });

  test("tells which tables would be made", async () => {
    const context = contextOf(newWorld(), { tablePrefix: "dev-" });
    const { tables } = await preview(context, { missingTables: ["dev-PLAYS", "dev-RUNS"] });
    expect(tables).toEqual([
      { table: "dev-PLAYS", change: "create" },
      { table: "dev-RUNS", change: "create" },
    ]);
  });

  test("finds nothing to do where all is published", async () => {
    const found = await look(await published());
    expect(found.actions).toEqual([]);
    expect(found.published).toEqual({
      zone: { songs: 0, users: 0, streams: 0 },
      plan_hash: smallPlan(1).hash,
    });
  });

  test("of a changed plan finds every date stale", async () => {
    const found = await look(await published(), { plan: smallPlan(2) });
    expect(found.actions).toEqual(["publish"]);
    expect(found.dates).toEqual([
      { date: "2024-06-25", reasons: ["changed-plan"] },
      { date: "2024-06-26", reasons: ["changed-plan"] },
    ]);
  });

  test("of a missing cursor, and of versions that the zone no longer tells, does so too", async () => {
    const world = await published();
    const reasons = async (cursor: Awaited<ReturnType<World["ledger"]["cursor"]>>) => {
      const ledger = { ...world.ledger, cursor: async () => cursor };
      const { dates } = await look({ ...world, ledger });
      return dates.map(({ reasons }) => reasons.join());
    };
    const planHash = smallPlan(1).hash;
    const zone = { songs: 7, users: 7, streams: 7 };
    expect(await reasons(undefined)).toEqual(["no-cursor", "no-cursor"]);
    expect(await reasons({ zone, planHash })).toEqual([
      "unreadable-versions",
      "unreadable-versions",
    ]);
  });

  test("tells new listens from a changed catalogue", async () => {
    const world = await published();
    const cursor = await world.ledger.cursor();
    await drop(world, { "streams/late.csv": LATE, "songs.csv": "track_id,genre\nt1,jazz\n" });
    await run(contextOf(world), { runId: "r1" });
    const ledger = { ...world.ledger, cursor: async () => cursor };
    expect((await look({ ...world, ledger })).dates).toEqual([
      { date: "2024-06-25", reasons: ["changed-catalogue"] },
      { date: "2024-06-26", reasons: ["changed-listens"] },
    ]);
  });

  test("opens no engine unless the catalogue changed under one plan", async () => {
    const engine = { name: "none", open: () => Promise.reject(new Error("opened")) };
    const world = await published();
    await drop(world, { "streams/late.csv": LATE });
    expect((await look(world, { engine })).actions).toEqual(["take-in"]);
    expect((await look(world, { engine, plan: smallPlan(2) })).dates).toHaveLength(2);
  });
});

const unableToPublish = (world: World): World => ({
  ...world,
  kpis: {
    ...world.kpis,
    publish: () => Promise.reject(new ToplineError("STORE_UNAVAILABLE", "Throttled.")),
  },
});

describe("an open run", () => {
  test("is told with the steps that are left, and its files apart from those of the next", async () => {
    const world = newWorld();
    await drop(world, FILES);
    await validate(contextOf(world), { runId: "r1" });
    await drop(world, { "streams/b.csv": LATE });
    const found = await look(world);
    expect(found.actions).toEqual(["finish-open-run", "take-in"]);
    expect(found.open_run).toMatchObject({
      run_id: "r1",
      steps_left: ["transform", "archive"],
      is_abandoned: false,
      files: ["raw-data/songs.csv", "raw-data/streams/a.csv", "raw-data/users.csv"],
    });
    expect(found.inbox.files.map(({ key, run_id }) => [key, run_id])).toEqual([
      ["raw-data/songs.csv", "r1"],
      ["raw-data/streams/a.csv", "r1"],
      ["raw-data/streams/b.csv", null],
      ["raw-data/users.csv", "r1"],
    ]);
    expect(found.dates_unknown_for).toEqual([
      "raw-data/songs.csv",
      "raw-data/streams/a.csv",
      "raw-data/streams/b.csv",
    ]);
  });

  test("that has published leaves the archive, and no date", async () => {
    const world = newWorld();
    await drop(world, FILES);
    await validate(contextOf(world), { runId: "r1" });
    await transform(contextOf(world), "r1");
    const found = await look(world);
    expect(found.actions).toEqual(["finish-open-run"]);
    expect(found.open_run?.steps_left).toEqual(["archive"]);
    expect([found.dates, found.dates_unknown_for]).toEqual([[], []]);
  });

  test("that has committed and not published knows its dates", async () => {
    const world = newWorld();
    await drop(world, FILES);
    await run(contextOf(unableToPublish(world)), { runId: "r1" });
    const found = await look(world);
    expect(found.open_run?.steps_left).toEqual(["transform", "archive"]);
    expect(found.dates.map(({ date }) => date)).toEqual(["2024-06-25", "2024-06-26"]);
    expect(found.dates_unknown_for).toEqual([]);
  });

  test("that lost its manifest is told with the way out", async () => {
    const world = newWorld();
    await drop(world, FILES);
    await validate(contextOf(world), { runId: "r1" });
    await world.store.delete("runs/r1/manifest.json");
    await expect(look(world)).rejects.toMatchObject({
      code: "STATE_CORRUPT",
      message: expect.stringContaining("Abandon it") as string,
    });
  });

  test("that somebody began to abandon is closed first, and its files are taken in anew", async () => {
    const world = newWorld();
    await drop(world, FILES);
    await validate(contextOf(world), { runId: "r1" });
    const close = () => Promise.reject(new Error("killed"));
    const cut = contextOf({ ...world, ledger: { ...world.ledger, close } });
    await expect(abandon(cut, "r1")).rejects.toThrow("killed");
    const found = await look(world);
    expect(found.actions).toEqual(["close-abandoned-run", "take-in"]);
    expect(found.open_run?.is_abandoned).toBe(true);
    expect(found.inbox.files.map(({ run_id }) => run_id)).toEqual([null, null, null]);
  });
});

interface History {
  readonly make: (world: World) => Promise<Partial<PipelineContext> | undefined>;
  /** Dates that only the files tell. */
  readonly unknown?: readonly string[];
  readonly status?: string;
}

const histories: Record<string, History> = {
  "nothing new": { make: async () => undefined, status: "nothing-to-do" },
  "a late file": {
    make: (world) => drop(world, { "streams/late.csv": LATE }).then(() => undefined),
    unknown: ["2024-06-26"],
  },
  "a changed plan": { make: async () => ({ plan: smallPlan(2) }) },
  "an empty inbox and a stale cursor": {
    async make(world) {
      const cursor = await world.ledger.cursor();
      await drop(world, { "streams/late.csv": LATE });
      await run(contextOf(world), { runId: "r1" });
      const lease = await world.ledger.acquire("test", 1);
      if (cursor !== undefined) await world.ledger.moveCursor(cursor, lease);
      await world.ledger.release(lease);
      return undefined;
    },
  },
  "an open run that has committed a catalogue and not published it": {
    async make(world) {
      await drop(world, { "songs.csv": "track_id,genre\nt1,jazz\n" });
      await run(contextOf(unableToPublish(world)), { runId: "r1" });
      return undefined;
    },
  },
};

test.each(Object.entries(histories))(
  "the run then does what the preview said: %s",
  async (_name, { make, unknown = [], status = "succeeded" }) => {
    const world = await published();
    const options = (await make(world)) ?? {};
    const said = await look(world, options);
    const report = await run(contextOf(world, options), { runId: "r9" });
    expect(report.status).toBe(status);
    expect(said.actions.length === 0).toBe(status === "nothing-to-do");
    expect(said.dates_unknown_for.length === 0).toBe(unknown.length === 0);
    const dates = [...said.dates.map(({ date }) => date), ...unknown];
    expect(dates).toEqual(report.dates.map(({ date }) => date));
    expect((await look(world, options)).actions).toEqual([]);
  },
);
