import type { ObjectStore } from "@topline/core";
import { memoryObjectStore } from "@topline/core/memory";
import { deltaZone } from "@topline/delta-log";
import { describe, expect, test } from "vitest";
import {
  commitTo,
  fileOf,
  foreignAdd,
  foreignCreation,
  foreignRemove,
  infoOf,
  logKey,
  pathsOf,
  putLines,
  STREAMS_LOG,
  TIME,
} from "./zone-fixture.ts";

async function storeWith(...entries: readonly unknown[][]): Promise<ObjectStore> {
  const store = memoryObjectStore();
  for (const [version, lines] of entries.entries()) await putLines(store, logKey(version), lines);
  return store;
}

describe("entries that others wrote", () => {
  test("are read for their files, and tell no run", async () => {
    const store = await storeWith(
      [...foreignCreation(), foreignAdd("date%3D2024-06-25/a%20b.parquet", { tags: null })],
      [
        { commitInfo: { timestamp: TIME, operation: "OPTIMIZE", engineInfo: "Spark" } },
        { domainMetadata: { domain: "x", configuration: "{}", removed: false } },
        { cdc: { path: "_change_data/x", partitionValues: {}, size: 1, dataChange: false } },
        { txn: { appId: "a-stream", version: 9_223_372_036_854_775_000 } },
        foreignRemove("date=2024-06-25/a%20b.parquet", { dataChange: false }),
        foreignAdd("c.parquet", { dataChange: false, partitionValues: { date: "" } }),
      ],
    );
    const zone = deltaZone({ store });
    const ab = {
      path: "date=2024-06-25/a b.parquet",
      size: 7,
      modificationTime: TIME,
      partition: { date: "2024-06-25" },
      records: 5n,
    };
    const c = { ...ab, path: "c.parquet", partition: { date: null } };
    expect(await zone.snapshot("streams")).toEqual({
      table: "streams",
      version: 1,
      files: [c],
      fence: 0n,
    });
    expect(await zone.commits("streams", -1, 1)).toEqual([
      { version: 0, info: undefined, added: [ab], removed: [], dataChange: true },
      { version: 1, info: undefined, added: [c], removed: [ab], dataChange: false },
    ]);
  });

  test("change rows as soon as one action says so", async () => {
    const store = await storeWith(
      [...foreignCreation(), foreignAdd("a.parquet"), foreignAdd("b.parquet")],
      [foreignRemove("a.parquet"), foreignAdd("c.parquet", { dataChange: false })],
      [foreignRemove("b.parquet", { dataChange: false }), foreignAdd("d.parquet")],
      [{ commitInfo: { operation: "SET TBLPROPERTIES" } }],
    );
    const commits = await deltaZone({ store }).commits("streams", 0, 3);
    expect(commits.map(({ dataChange }) => dataChange)).toEqual([true, true, false]);
  });

  test("may name a live file again, and remove what is not live", async () => {
    const store = await storeWith(
      [...foreignCreation(), foreignAdd("a.parquet")],
      [
        foreignAdd("a.parquet", { dataChange: false, stats: '{"numRecords":6}' }),
        foreignRemove("never.parquet", { dataChange: false }),
      ],
    );
    const zone = deltaZone({ store });
    const { files } = await zone.snapshot("streams");
    expect(files.map(({ path, records }) => [path, records])).toEqual([["a.parquet", 6n]]);
    expect((await zone.commits("streams", 0, 1))[0]?.removed).toEqual([]);
  });

  test("are committed upon without a second creation", async () => {
    const zone = deltaZone({ store: await storeWith(foreignCreation()) });
    expect(await commitTo(zone, { runId: "r1", fence: 5n, add: [fileOf("a")] })).toBe(1);
    expect(await zone.commits("streams", 0, 1)).toEqual([
      { version: 1, info: infoOf("r1"), added: [fileOf("a")], removed: [], dataChange: true },
    ]);
    expect((await zone.snapshot("streams")).fence).toBe(5n);
  });

  test("cannot lower the fence", async () => {
    const token = (version: number) => ({ txn: { appId: "topline", version } });
    const store = await storeWith([...foreignCreation(), token(9)], [token(4)]);
    const zone = deltaZone({ store });
    expect((await zone.snapshot("streams")).fence).toBe(9n);
    await expect(commitTo(zone, { fence: 8n })).rejects.toMatchObject({ code: "LEASE_LOST" });
  });

  test("are told from the log's other files by their names", async () => {
    const store = await storeWith([...foreignCreation(), foreignAdd("a.parquet")]);
    const others = [
      "00000000000000000000.crc",
      "00000000000000000001.00000000000000000002.compacted.json",
      "00000000000000000007.3a0d65cd-4056-49b8-937b-95f9e3ee90e5.json.tmp",
      "00000000000000000008.checkpoint.0000000001.0000000003.parquet",
      "00000000000000000009.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json",
      "_last_checkpoint",
      "_staged_commits/00000000000000000001.3a0d65cd-4056-49b8-937b-95f9e3ee90e5.json",
      "9.json",
    ];
    for (const name of others) await putLines(store, STREAMS_LOG + name, ["not an entry"]);
    expect((await deltaZone({ store }).snapshot("streams")).version).toBe(0);
  });
});

describe("a log that this reader does not know is STATE_CORRUPT", () => {
  test.each<[string, readonly unknown[][], RegExp]>([
    [
      "reader 2",
      [foreignCreation({ minReaderVersion: 2, minWriterVersion: 5 })],
      /reader version 2/,
    ],
    [
      "reader 3",
      [
        foreignCreation(),
        [{ protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["x"] } }],
      ],
      /reader version 3/,
    ],
    [
      "a deletion vector",
      [
        foreignCreation(),
        [foreignAdd("a.parquet", { deletionVector: { storageType: "u", cardinality: 1 } })],
      ],
      /0001\.json, action 1: .*deletion vector/,
    ],
    ["no protocol", [foreignCreation().slice(2)], /names its protocol/],
    ["no metadata", [foreignCreation().slice(0, 2)], /metaData/],
    ["a foreign path", [[foreignAdd("s3://elsewhere/a.parquet")]], /s3:\/\/elsewhere/],
    ["no statistics", [[foreignAdd("a.parquet", { stats: null })]], /a\.parquet .*numRecords/],
    ["a size of text", [[foreignAdd("a.parquet", { size: "7" })]], /action 1: .*add\.size/],
    ["a token of text", [[{ txn: { appId: "topline", version: "7" } }]], /action 1/],
    ["no object", [["add"]], /action 1/],
  ])("with %s", async (_case, entries, message) => {
    const snapshot = deltaZone({ store: await storeWith(...entries) }).snapshot("streams");
    await expect(snapshot).rejects.toMatchObject({
      code: "STATE_CORRUPT",
      message: expect.stringMatching(message) as string,
    });
  });

  test.each<[string, Uint8Array, RegExp]>([
    ["no JSON", new TextEncoder().encode('{"add"'), /0000\.json, line 1/],
    ["no UTF-8", Uint8Array.of(0x22, 0xff, 0x22), /UTF-8/],
  ])("with %s", async (_case, bytes, message) => {
    const store = memoryObjectStore();
    await store.put(logKey(0), bytes);
    await expect(deltaZone({ store }).snapshot("streams")).rejects.toMatchObject({
      code: "STATE_CORRUPT",
      message: expect.stringMatching(message) as string,
    });
  });

  test("with an entry missing between others", async () => {
    const store = await storeWith(foreignCreation(), [], []);
    await store.delete(logKey(1));
    await expect(deltaZone({ store }).snapshot("streams")).rejects.toMatchObject({
      code: "STATE_CORRUPT",
      message: expect.stringContaining(logKey(1)) as string,
    });
  });
});

describe("a table that asks its writers for more", () => {
  test.each<[string, unknown[], RegExp]>([
    [
      "by its protocol",
      foreignCreation({ minReaderVersion: 1, minWriterVersion: 4 }),
      /writer version 4/,
    ],
    [
      "by being append-only",
      foreignCreation(undefined, { "delta.appendOnly": "true" }),
      /appendOnly/,
    ],
  ])("%s is read, and not committed to", async (_case, creation, message) => {
    const zone = deltaZone({ store: await storeWith([...creation, foreignAdd("a.parquet")]) });
    const { files } = await zone.snapshot("streams");
    expect(pathsOf(files)).toEqual(["a.parquet"]);
    await expect(commitTo(zone, { remove: files })).rejects.toMatchObject({
      code: "STATE_CORRUPT",
      message: expect.stringMatching(message) as string,
    });
    expect((await zone.snapshot("streams")).version).toBe(0);
  });

  test("append-only takes what is appended", async () => {
    const creation = foreignCreation(undefined, { "delta.appendOnly": "true" });
    const zone = deltaZone({ store: await storeWith(creation) });
    expect(await commitTo(zone, { add: [fileOf("a")] })).toBe(1);
  });
});
