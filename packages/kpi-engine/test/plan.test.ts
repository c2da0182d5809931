import { planSchema, type TableSpec } from "@topline/core";
import { CONTRACTS, defineContract, songsContract, text } from "@topline/validators";
import { describe, expect, test } from "vitest";
import { buildPlan, TABLES } from "@topline/kpi-engine";
import { namesRead } from "../src/relations.ts";

const table = (relation: string, name = "OTHER_KPIS"): TableSpec => ({
  name,
  relation,
  columns: [
    { name: "date", type: "string" },
    { name: "scope", type: "string" },
  ],
  sortKey: "scope",
  list: [],
  indexes: [],
  orderBy: ["scope"],
});

test("a plan is valid by its schema, and the same every time", () => {
  const plan = buildPlan();
  expect(planSchema.parse(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  expect(buildPlan()).toEqual(plan);
});

test("a plan of a run that was opened before datasets had relations of their own is read", () => {
  const { datasets, ...plan } = buildPlan();
  const { relations: _, ...streams } = datasets.streams;
  const former = planSchema.parse({ ...plan, format: 1, datasets: { ...datasets, streams } });
  expect(former.datasets.streams).toEqual({ ...streams, relations: [] });
  expect(() => planSchema.parse({ ...plan, datasets, format: 3 })).toThrow(/format/);
});

describe("the hash", () => {
  const { hash, recordsHash } = buildPlan();

  test("does not depend on limits", () => {
    const other = buildPlan({ limits: { maxQuarantineRatio: 0.1 } });
    expect(other.limits).toEqual({ maxSourceBytes: 10 * 1024 ** 3, maxQuarantineRatio: 0.1 });
    expect([other.hash, other.recordsHash]).toEqual([hash, recordsHash]);
  });

  test("depends on KPIs; the records' hash does not", () => {
    const other = buildPlan({ kpis: [{ sql: "SELECT 1", table: table("other") }] });
    expect(other.hash).not.toBe(hash);
    expect(other.recordsHash).toBe(recordsHash);
  });

  test("depends on contracts, and so does the records' hash", () => {
    const songs = defineContract(
      "songs",
      songsContract.extend({ track_genre: text({ maxCodePoints: 10 }) }),
    );
    const other = buildPlan({ contracts: { songs } });
    expect(other.hash).not.toBe(hash);
    expect(other.recordsHash).not.toBe(recordsHash);
    expect(buildPlan({ contracts: { songs: CONTRACTS.songs } }).hash).toBe(hash);
  });
});

describe("what published relations read", () => {
  const reads = (sql: string, relations: { name: string; sql: string }[] = []) =>
    buildPlan({ relations, kpis: [{ sql, table: table("other") }] }).reads;

  test("is the catalogue alone by default", () => {
    expect(buildPlan().reads).toEqual(["songs"]);
  });

  test("is found through other relations, whatever the case", () => {
    const through = { name: "adults", sql: "SELECT * FROM Users" };
    expect(reads("SELECT * FROM ADULTS", [through])).toEqual(["songs", "users"]);
    expect(reads("SELECT * FROM listens", [through])).toEqual(["songs"]);
  });

  test("is not what comments and strings name", () => {
    expect(reads("-- not users\nSELECT 'users', 'it''s users' /* users */ FROM listens")).toEqual([
      "songs",
    ]);
  });
});

test("names are read as words", () => {
  expect(namesRead("SELECT my_songs, songs2 FROM x", ["songs"])).toEqual([]);
  expect(namesRead('SELECT * FROM "songs"', ["songs"])).toEqual(["songs"]);
});

test.each([
  ["relation", "listens", "OTHER_KPIS"],
  ["relation", "streams_rows", "OTHER_KPIS"],
  ["relation", "audit_totals", "OTHER_KPIS"],
  ["table", "other", "TOP_SONGS"],
])("a custom KPI does not take the name of another %s (%s, %s)", (what, relation, name) => {
  const kpis = [{ sql: "SELECT 1", table: table(relation, name) }];
  expect(() => buildPlan({ kpis })).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(`${what}s are named`),
    }),
  );
});

test("tables have keys, lists and orders of columns that they have", () => {
  for (const { columns, sortKey, list, orderBy, indexes } of TABLES) {
    const names = columns.map((column) => column.name);
    const used = [
      sortKey,
      ...list,
      ...orderBy,
      ...indexes.flatMap((one) => [one.partitionKey, one.sortKey]),
    ];
    expect(names).toEqual(expect.arrayContaining(["date", ...used]));
  }
});
