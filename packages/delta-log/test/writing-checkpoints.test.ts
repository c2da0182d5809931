import type { ObjectStore } from "@topline/core";
import { memoryObjectStore } from "@topline/core/memory";
import { deltaZone } from "@topline/delta-log";
import { describe, expect, test } from "vitest";
import { faultyStore } from "./faulty-store.ts";
import { jsonCodec } from "./json-codec.ts";
import {
  commitTo,
  fileOf,
  foreignAdd,
  foreignCreation,
  foreignRemove,
  logKey,
  pathsOf,
  putLines,
  readLines,
  STREAMS_LOG,
  TIME,
} from "./zone-fixture.ts";

const CHECKPOINT = ".checkpoint.parquet";
const DAY = 86_400_000;

const zoneOver = (store: ObjectStore, checkpointEvery = 3) =>
  deltaZone({ store, checkpoints: jsonCodec, checkpointEvery });

async function checkpointsIn(store: ObjectStore): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(STREAMS_LOG)) {
    if (key.endsWith(CHECKPOINT)) found.push(key);
  }
  return found;
}

type Row = Record<string, Record<string, unknown> | null>;

/** The actions of a checkpoint by kind, fields that are null left out. */
async function actionsOf(store: ObjectStore, version: number) {
  const rows = (await readLines(store, logKey(version, CHECKPOINT))) as Row[];
  const kinds: Record<string, Record<string, unknown>[]> = {};
  for (const row of rows) {
    for (const [kind, fields] of Object.entries(row)) {
      if (fields === null) continue;
      const given = Object.entries(fields).filter(([, value]) => value !== null);
      (kinds[kind] ??= []).push(Object.fromEntries(given));
    }
  }
  return kinds;
}

test("a commit writes a checkpoint where the last is as many versions ago", async () => {
  const store = memoryObjectStore();
  for (let at = 0; at < 8; at++) await commitTo(zoneOver(store), { add: [fileOf(`f${at}`)] });
  expect(await checkpointsIn(store)).toEqual([logKey(3, CHECKPOINT), logKey(6, CHECKPOINT)]);
  expect(await readLines(store, `${STREAMS_LOG}_last_checkpoint`)).toEqual([
    { version: 6, size: 2 + 1 + 7, numOfAddFiles: 7 },
  ]);
  const plain = await deltaZone({ store }).snapshot("streams");
  expect(await zoneOver(store).snapshot("streams")).toEqual(plain);
  expect(await deltaZone({ store }).snapshot("streams", 6)).toEqual(
    await zoneOver(store).snapshot("streams", 6),
  );
});

test("without a codec, and before 100 commits, there is none", async () => {
  const store = memoryObjectStore();
  const zone = deltaZone({ store, checkpoints: jsonCodec });
  for (let at = 0; at < 100; at++) await commitTo(zone, { since: at - 1, add: [fileOf(`f${at}`)] });
  await commitTo(deltaZone({ store, checkpointEvery: 1 }), { add: [fileOf("plain")] });
  expect(await checkpointsIn(store)).toEqual([]);
  await commitTo(zone, { since: 100, add: [fileOf("next")] });
  expect(await checkpointsIn(store)).toEqual([logKey(101, CHECKPOINT)]);
});

/** A table to which others have written what Topline knows nothing of. */
async function foreignTable(): Promise<ObjectStore> {
  const store = memoryObjectStore();
  const [commitInfo, protocol, metaData] = foreignCreation();
  await putLines(store, logKey(0), [
    commitInfo,
    protocol,
    metaData,
    { txn: { appId: "spark", version: 7, lastUpdated: TIME } },
    { txn: { appId: "topline", version: 5 } },
    foreignAdd("a.parquet", { tags: { ZCUBE_ID: "z" }, sorted: { by: ["user_id"] } }),
    foreignAdd("b%20c.parquet"),
    foreignAdd("old.parquet"),
  ]);
  await putLines(store, logKey(1), [
    { txn: { appId: "spark", version: 8, lastUpdated: TIME } },
    { txn: { appId: "other", version: 1 } },
    foreignRemove("b c.parquet", { reason: "theirs" }),
    foreignRemove("old.parquet", { deletionTimestamp: TIME - 8 * DAY }),
    { unheardOf: { anything: 1 } },
  ]);
  return store;
}

test("a checkpoint keeps what others wrote, reconciled", async () => {
  const store = await foreignTable();
  const zone = zoneOver(store, 2);
  expect(await zone.checkpoint("streams", new Date(TIME))).toBe(1);
  const [, protocol, metaData] = foreignCreation() as Row[];
  const kept = { dataChange: false };
  expect(await actionsOf(store, 1)).toEqual({
    protocol: [protocol?.["protocol"]],
    metaData: [metaData?.["metaData"]],
    txn: [
      { appId: "spark", version: 8, lastUpdated: TIME },
      { appId: "topline", version: 5 },
      { appId: "other", version: 1 },
    ],
    // What left more than a week ago is no longer told of.
    remove: [foreignRemove("b c.parquet", { reason: "theirs", ...kept }).remove],
    add: [
      foreignAdd("a.parquet", {
        tags: { ZCUBE_ID: "z" },
        sorted: { by: ["user_id"] },
        ...kept,
      }).add,
    ],
  });
  // The next one is made of this one, and loses nothing either.
  await commitTo(zone, { since: 1, fence: 9n, add: [fileOf("d")] });
  expect(await zone.checkpoint("streams", new Date(TIME))).toBeUndefined();
  await commitTo(zone, { since: 2, fence: 9n, add: [fileOf("e")] });
  const next = await actionsOf(store, 3);
  expect(next["txn"]?.map(({ appId, version }) => [appId, version])).toEqual([
    ["spark", 8],
    ["topline", 9],
    ["other", 1],
  ]);
  expect(next["add"]?.[0]).toEqual((await actionsOf(store, 1))["add"]?.[0]);
  expect(next["remove"]).toHaveLength(1);
});

test.each([
  ["interval 2 days 12 hours", 2.5],
  ["INTERVAL 30 DAYS", 30],
  ["interval 1 week", 7],
  ["nonsense", 7],
])("removed files are told of as long as the table says: %s", async (interval, days) => {
  const keeps = async (age: number) => {
    const store = memoryObjectStore();
    const properties = { "delta.deletedFileRetentionDuration": interval };
    const creation = foreignCreation(undefined, properties);
    await putLines(store, logKey(0), [...creation, foreignAdd("a.parquet")]);
    const removal = foreignRemove("a.parquet", { deletionTimestamp: TIME - age });
    await putLines(store, logKey(1), [removal]);
    await zoneOver(store, 1).checkpoint("streams", new Date(TIME));
    return (await actionsOf(store, 1))["remove"] !== undefined;
  };
  expect([await keeps(days * DAY - 1), await keeps(days * DAY + 1)]).toEqual([true, false]);
});

test.each([
  ["that asks for more of its writers", { minReaderVersion: 1, minWriterVersion: 4 }, {}],
  ["with a number that JSON cannot give", undefined, { version: 2 ** 60 }],
])("a table %s gets no checkpoint, since it would lose something", async (_, protocol, txn) => {
  const store = memoryObjectStore();
  const others = { txn: { appId: "spark", version: 1, ...txn } };
  await putLines(store, logKey(0), [...foreignCreation(protocol), others]);
  expect(await zoneOver(store, 1).checkpoint("streams", new Date(TIME))).toBeUndefined();
  expect(await checkpointsIn(store)).toEqual([]);
});

describe("a checkpoint that cannot be written", () => {
  test("leaves the commit as it is, and comes with the next one", async () => {
    const inner = memoryObjectStore();
    const store = faultyStore(inner, () => (isFailing ? "not put" : undefined));
    let isFailing = false;
    const failing: typeof jsonCodec = {
      ...jsonCodec,
      write(rows) {
        isFailing = true;
        return jsonCodec.write(rows);
      },
    };
    const zone = deltaZone({ store, checkpoints: failing, checkpointEvery: 1 });
    expect(await commitTo(zone, { add: [fileOf("a")] })).toBe(0);
    expect(await commitTo(zone, { add: [fileOf("b")] })).toBe(1);
    isFailing = false;
    expect(await checkpointsIn(inner)).toEqual([]);
    expect(await commitTo(zoneOver(inner, 1), { add: [fileOf("c")] })).toBe(2);
    expect(await checkpointsIn(inner)).toEqual([logKey(2, CHECKPOINT)]);
    expect((await zoneOver(inner).snapshot("streams")).files).toHaveLength(3);
  });

  test("because it is there already is as good as written", async () => {
    const store = memoryObjectStore();
    const zone = zoneOver(store, 1);
    await commitTo(deltaZone({ store }), { add: [fileOf("a")] });
    const first = await Promise.all([
      zone.checkpoint("streams", new Date(TIME)),
      zoneOver(store, 1).checkpoint("streams", new Date(TIME)),
    ]);
    expect(first).toEqual([0, 0]);
    expect(await zone.checkpoint("streams", new Date(TIME))).toBeUndefined();
  });
});

describe("a table of 10,000 commits", () => {
  /** One file lives at a time. Made once: no test changes it. */
  const made = (async () => {
    const store = memoryObjectStore();
    await putLines(store, logKey(0), [...foreignCreation(), foreignAdd("f0.parquet")]);
    for (let at = 1; at < 10_000; at++) {
      const lines = [foreignRemove(`f${at - 1}.parquet`), foreignAdd(`f${at}.parquet`)];
      await putLines(store, logKey(at), lines);
      if (at !== 5_000 && at !== 9_900) continue;
      await zoneOver(store, 100).checkpoint("streams", new Date(TIME));
    }
    return store;
  })();

  const watched = async () => {
    const store = faultyStore(await made);
    const calls = (action: string) => store.calls.filter((call) => call.startsWith(action));
    return { store, calls, zone: zoneOver(store, 100) };
  };

  test("is opened with the reads of tens", async () => {
    const { zone, calls } = await watched();
    const { version, files } = await zone.snapshot("streams");
    expect([version, pathsOf(files)]).toEqual([9_999, ["f9999.parquet"]]);
    // A page of the listing, where its last checkpoint is, what is listed from there on, and 100 reads.
    expect(calls("list")).toHaveLength(2);
    expect(calls("get")).toHaveLength(1 + 100);
    expect((await zone.commits("streams", 9_990, 9_999)).map(({ version }) => version)).toEqual(
      Array.from({ length: 9 }, (_, at) => 9_991 + at),
    );
  });

  test("is read at a version before its last checkpoint from the one before that", async () => {
    const { zone, calls } = await watched();
    const { version, files } = await zone.snapshot("streams", 5_003);
    expect([version, pathsOf(files)]).toEqual([5_003, ["f5003.parquet"]]);
    expect(calls("get")).toHaveLength(1 + 4);
  });

  test.each([
    ["is not there", undefined],
    ["is no JSON", "{"],
    ["says nothing", "null"],
    ["points to a checkpoint that is gone", '{"version":9800,"size":1}'],
    ["points to one in parts", '{"version":5000,"size":1,"parts":2}'],
  ])("is read all the same where _last_checkpoint %s", async (_, content) => {
    const inner = await made;
    const get: ObjectStore["get"] = async (key, options) => {
      if (!key.endsWith("_last_checkpoint")) return inner.get(key, options);
      const other = memoryObjectStore();
      if (content !== undefined) await other.put(key, new TextEncoder().encode(content));
      return other.get(key);
    };
    const { version, files } = await zoneOver({ ...inner, get }, 100).snapshot("streams");
    expect([version, pathsOf(files)]).toEqual([9_999, ["f9999.parquet"]]);
  });
});

test("what is needed since a time is what is live, and what left after it", async () => {
  const store = memoryObjectStore();
  const zone = zoneOver(store);
  expect(await zone.needed("streams", new Date(TIME))).toEqual(new Set());
  await putLines(store, logKey(0), [
    ...foreignCreation(),
    ...["early", "late", "live", "again", "untold"].map((name) => foreignAdd(`${name}.parquet`)),
  ]);
  await putLines(store, logKey(1), [
    foreignRemove("early.parquet", { deletionTimestamp: TIME - 2 }),
    foreignRemove("again.parquet", { deletionTimestamp: TIME - 2 }),
    foreignRemove("late.parquet", { deletionTimestamp: TIME }),
    { remove: { path: "untold.parquet", dataChange: true } },
  ]);
  await putLines(store, logKey(2), [foreignAdd("again.parquet")]);
  const since = async (time: number) => [...(await zone.needed("streams", new Date(time)))].sort();
  const live = ["again.parquet", "live.parquet", "untold.parquet"];
  expect(await since(TIME - 1)).toEqual([live[0], "late.parquet", live[1], live[2]]);
  // What left at that moment, no version had any more that was the newest then.
  expect(await since(TIME)).toEqual(live);
  expect(await since(TIME - 3)).toHaveLength(5);
  // Who retains nothing removes also what left at nobody knows when.
  expect(await since(8.64e15)).toEqual(live.slice(0, 2));
});

test("what a checkpoint no longer tells of is needed all the same, as long as it is asked for", async () => {
  const store = await foreignTable();
  const zone = zoneOver(store, 2);
  await zone.checkpoint("streams", new Date(TIME));
  expect((await actionsOf(store, 1))["remove"]).toHaveLength(1);
  const since = async (days: number) => [
    ...(await zone.needed("streams", new Date(TIME - days * DAY))),
  ];
  expect((await since(9)).sort()).toEqual(["a.parquet", "b c.parquet", "old.parquet"]);
  expect((await since(7)).sort()).toEqual(["a.parquet", "b c.parquet"]);
  // Where the beginning is gone, so are the versions that had it.
  await store.delete(logKey(0));
  await store.delete(logKey(1));
  expect((await since(9)).sort()).toEqual(["a.parquet", "b c.parquet"]);
});
