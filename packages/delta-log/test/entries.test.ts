import type { DataFile } from "@topline/core";
import { memoryObjectStore } from "@topline/core/memory";
import { deltaZone } from "@topline/delta-log";
import { describe, expect, test } from "vitest";
import { tableId } from "../src/schema.ts";
import {
  commitTo,
  fileOf,
  infoOf,
  logKey,
  pathsOf,
  readLines,
  request,
  TIME,
} from "./zone-fixture.ts";

describe("the entries that are written", () => {
  test("begin with the table's protocol and metadata, and never repeat them", async () => {
    const store = memoryObjectStore();
    const zone = deltaZone({ store });
    await commitTo(zone, { runId: "r1", fence: 1_719_360_000_001n, add: [fileOf("a b")] });
    await commitTo(zone, { runId: "r2", fence: 1_719_360_000_002n, remove: [fileOf("a b")] });

    const commitInfo = {
      timestamp: TIME,
      operation: "append",
      operationParameters: { partitionBy: '["date"]' },
      engineInfo: "duckdb 1.5.6",
      runId: "r1",
      planHash: "ab12",
      fence: 1_719_360_000_001,
    };
    const field = (name: string, type: string, nullable = false) => ({
      name,
      type,
      nullable,
      metadata: {},
    });
    const fields = [
      field("user_id", "string"),
      field("track_id", "string"),
      field("listen_time", "timestamp"),
      field("source_id", "string"),
      field("date", "date", true),
    ];
    expect(await readLines(store, logKey(0))).toEqual([
      { commitInfo },
      { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
      {
        metaData: {
          id: tableId("streams"),
          name: "streams",
          format: { provider: "parquet", options: {} },
          schemaString: JSON.stringify({ type: "struct", fields }),
          partitionColumns: ["date"],
          configuration: {},
          createdTime: TIME,
        },
      },
      { txn: { appId: "topline", version: 1_719_360_000_001, lastUpdated: TIME } },
      {
        add: {
          path: "date=2024-06-25/a%20b.parquet",
          partitionValues: { date: "2024-06-25" },
          size: 100,
          modificationTime: TIME - 1_000,
          dataChange: true,
          stats: '{"numRecords":2}',
        },
      },
    ]);
    expect(await readLines(store, logKey(1))).toEqual([
      { commitInfo: { ...commitInfo, runId: "r2", fence: 1_719_360_000_002 } },
      { txn: { appId: "topline", version: 1_719_360_000_002, lastUpdated: TIME } },
      {
        remove: {
          path: "date=2024-06-25/a%20b.parquet",
          deletionTimestamp: TIME,
          dataChange: true,
          extendedFileMetadata: true,
          partitionValues: { date: "2024-06-25" },
          size: 100,
        },
      },
    ]);
  });

  test("say of a compaction that no row changed, and of an unknown date that it is null", async () => {
    const store = memoryObjectStore();
    const zone = deltaZone({ store });
    await commitTo(zone, { add: [fileOf("a", null), fileOf("b", null)] });
    const both = [fileOf("a", null), fileOf("b", null)];
    await commitTo(zone, { remove: both, add: [fileOf("ab", null)], dataChange: false });
    const lines = await readLines(store, logKey(1));
    expect(lines.slice(2)).toEqual([
      { remove: expect.objectContaining({ dataChange: false }) as unknown },
      { remove: expect.objectContaining({ dataChange: false }) as unknown },
      {
        add: expect.objectContaining({
          dataChange: false,
          partitionValues: { date: null },
        }) as unknown,
      },
    ]);
  });

  test("lie beside the data of their table", async () => {
    const store = memoryObjectStore();
    const song: DataFile = { ...fileOf("s"), path: "s.parquet", partition: {} };
    await deltaZone({ store }).commit("songs", request({ add: [song] }));
    const keys = (await Array.fromAsync(store.list(""))).map(({ key }) => key);
    expect(keys).toEqual(["processed/songs/_delta_log/00000000000000000000.json"]);
  });
});

describe("a commit that must not be is INTERNAL and leaves no trace", () => {
  const live = fileOf("live");
  const gone = fileOf("gone");
  test.each<[string, { add?: DataFile[]; remove?: DataFile[] }]>([
    ["removes what was never there", { remove: [fileOf("other")] }],
    ["removes what was removed before", { remove: [gone] }],
    ["removes a file twice", { remove: [live, live] }],
    ["adds what is live", { add: [live] }],
    ["adds what it removes", { add: [live], remove: [live] }],
    ["adds under the name of a file that is gone", { add: [gone] }],
    ["adds a file twice", { add: [fileOf("new"), fileOf("new")] }],
    ["adds without a date", { add: [{ ...fileOf("new"), partition: {} }] }],
    ["adds outside the folder", { add: [{ ...fileOf("new"), path: "/new.parquet" }] }],
  ])("when it %s", async (_case, actions) => {
    const zone = deltaZone({ store: memoryObjectStore() });
    await commitTo(zone, { add: [live, gone] });
    await commitTo(zone, { remove: [gone] });
    await expect(commitTo(zone, actions)).rejects.toMatchObject({ code: "INTERNAL" });
    const { version, files } = await zone.snapshot("streams");
    expect([version, pathsOf(files)]).toEqual([1, [live.path]]);
  });

  test("when its token is beyond what JSON can say", async () => {
    const zone = deltaZone({ store: memoryObjectStore() });
    const far = { info: infoOf("r"), fence: 2n ** 53n };
    const commit = zone.commit("streams", { ...request({}), ...far });
    await expect(commit).rejects.toMatchObject({ code: "INTERNAL" });
    expect((await zone.snapshot("streams")).version).toBe(-1);
  });
});
