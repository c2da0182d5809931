import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { duckdbCheckpoints } from "../src/index.ts";

let tempDirectory = "";
beforeAll(async () => {
  tempDirectory = await mkdtemp(join(tmpdir(), "topline-test-"));
});
afterAll(() => rm(tempDirectory, { recursive: true, force: true }));

type Fields = Readonly<Record<string, unknown>>;

const ADD = {
  path: "date=2024-06-25/a%20b.parquet",
  partitionValues: { date: "2024-06-25" },
  size: 9_007_199_254_740_991,
  modificationTime: 1_719_360_000_000,
  dataChange: false,
  stats: '{"numRecords":5,"text":"\\"\u{1f3b8}\\u0000"}',
};

const ROWS: Readonly<Record<string, Fields>>[] = [
  { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
  {
    metaData: {
      id: "i",
      format: { provider: "parquet", options: {} },
      schemaString: "{}",
      partitionColumns: ["date"],
      configuration: { "delta.appendOnly": "false", "it's": '"q"' },
      createdTime: 1,
    },
  },
  { txn: { appId: "topline", version: 1_764_000_000_000, lastUpdated: 2 } },
  { add: ADD },
  { add: { ...ADD, path: "b.parquet", partitionValues: { date: null }, tags: { ZCUBE: "z" } } },
  {
    add: {
      ...ADD,
      path: "c.parquet",
      clusteringProvider: "liquid",
      baseRowId: 17,
      weight: 0.5,
      nested: { names: ["x", "y"], isDeep: true },
      mixed: 1,
    },
  },
  { add: { ...ADD, path: "d.parquet", mixed: "two", empty: {} } },
  {
    remove: {
      path: "r.parquet",
      deletionTimestamp: 3,
      dataChange: false,
      extendedFileMetadata: true,
      partitionValues: { date: null },
      size: 4,
    },
  },
];

/** Columns, and their fields, that are null left out. */
function told(row: unknown): object {
  const present = (fields: object) =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
  const columns = Object.entries(present(row as object)) as [string, object][];
  return Object.fromEntries(columns.map(([name, fields]) => [name, present(fields)]));
}

test("a checkpoint is read as it was written, fields that nobody knows included", async () => {
  const codec = duckdbCheckpoints({ tempDirectory });
  const read = await Array.fromAsync(codec.read(codec.write(ROWS)), told);
  const expected = ROWS.map(
    (row) => structuredClone(row) as Record<string, Record<string, unknown>>,
  );
  // What has no one type is kept as its JSON.
  expected[5]!["add"]!["mixed"] = "1";
  expected[6]!["add"]!["empty"] = "{}";
  expect(read).toEqual(expected);
  expect(await readdir(tempDirectory)).toEqual([]);
});

test("one whose reading is broken off leaves no file behind", async () => {
  const codec = duckdbCheckpoints({ tempDirectory });
  for await (const _ of codec.read(codec.write(ROWS))) break;
  expect(await readdir(tempDirectory)).toEqual([]);
});

test("what is no Parquet is told so", async () => {
  const codec = duckdbCheckpoints({ tempDirectory });
  async function* nonsense() {
    yield new TextEncoder().encode("PAR1 and no more");
  }
  await expect(Array.fromAsync(codec.read(nonsense()))).rejects.toMatchObject({
    code: "ENGINE_FAILED",
  });
});
