import { expect, test } from "vitest";
import { DATASETS, maintain, zoneFolder } from "../../packages/core/src/index.ts";
import { deltaZone } from "../../packages/delta-log/src/index.ts";
import { jsonCodec } from "../../packages/delta-log/test/json-codec.ts";
import { describeEveryCall } from "./every-call.ts";
import { type Episode, HISTORY, type Perform } from "./history.ts";
import { zoneOver } from "./play.ts";

/**
 * Whatever befalls a maintenance of the zone, at any of its external calls, it is done again and ends in the same rows
 * and figures, with nothing left that nobody needs.
 */

const MANIFEST = "runs/never-opened/manifest.json";

/** What runs leave that die before they are open, or before they commit. */
const leave: Perform = async ({ store, clock }, operationId) => {
  const bytes = new TextEncoder().encode("left");
  for (const key of [
    "runs/dead/input/0123456789abcdef.csv",
    "runs/never-opened/input/0123456789abcdef.csv",
    "runs/never-opened/plan.json",
    MANIFEST,
    "runs/spark-0123456789abcdef0123456789abcdef/zone/0.parquet",
    "processed/streams/date=2024-06-25/dead-1.parquet",
    "processed/users/dead-1.parquet",
  ]) {
    await store.put(key, bytes);
  }
  const now = clock.now().toISOString();
  return {
    operation: "maintain",
    operation_id: operationId,
    started_at: now,
    finished_at: now,
    engine: "",
    plan_hash: "",
    changes: [],
    dates: [],
    tables: [],
    zone: { songs: 0, users: 0, streams: 0 },
    warnings: [],
  };
};

const LEFT: Episode = {
  name: "runs that died leave something",
  runDate: "2024-07-01",
  files: {},
  operation: leave,
};

const MAINTAINED: Episode = {
  name: "the zone is compacted, gets checkpoints, and loses what no version needs",
  runDate: "2024-07-02",
  files: {},
  operation(context, operationId) {
    const { store } = context;
    const zone = deltaZone({ store, checkpoints: jsonCodec, checkpointEvery: 2 });
    return maintain({ ...context, zone }, { operationId, retentionDays: 0 });
  },
  async more({ store }) {
    const dataFiles: Record<string, number> = {};
    const checkpoints: Record<string, unknown> = {};
    for (const table of DATASETS) {
      const folder = zoneFolder(table);
      const keys = await Array.fromAsync(store.list(folder), ({ key }) => key.slice(folder.length));
      dataFiles[table] = keys.filter((key) => !key.startsWith("_")).length;
      const { files } = await zoneOver({ store }).snapshot(table);
      const whole = await deltaZone({ store }).snapshot(table);
      expect(files.map(({ path }) => path).sort()).toEqual(
        whole.files.map(({ path }) => path).sort(),
      );
      checkpoints[table] = keys.some((key) => key.endsWith(".checkpoint.parquet"));
    }
    const left = await Array.fromAsync(store.list("runs/"), ({ key }) => key);
    const isLeft = (key: string) => /\/input\/|never-opened|spark-/.test(key);
    return { dataFiles, checkpoints, left: left.filter(isLeft) };
  },
};

/** Two catalogues, and a date whose listens two runs took in. */
const BEFORE = HISTORY.filter((_, i) => i === 0 || i === 2);

const recordings = describeEveryCall([...BEFORE, LEFT], [MAINTAINED], {
  fewestCalls: 60,
  services: ["ledger", "store"],
});

test("undisturbed, each date has one file, and nothing else is there", async () => {
  const [maintained] = recordings();
  expect(maintained?.expected.more).toEqual({
    dataFiles: { songs: 1, users: 1, streams: 3 },
    checkpoints: { songs: true, users: true, streams: true },
    left: [],
  });
  expect(maintained?.expected.isPublished).toBe(true);
});
