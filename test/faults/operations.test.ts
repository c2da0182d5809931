import { expect, test } from "vitest";
import { describeEveryCall } from "./every-call.ts";
import { HISTORY, OPERATIONS } from "./history.ts";

/**
 * Every external call of operations beside runs, too: whatever befalls one there, the same operation again ends in
 * the state of one that nothing befell. Each begins where the one before it ended.
 */

const recordings = describeEveryCall(HISTORY.slice(0, 2), OPERATIONS, { fewestCalls: 20 });

test("undisturbed, the source's rows are gone from the zone, and no others", () => {
  const [retracted] = recordings();
  expect(retracted?.expected.sources.filter((line) => line.endsWith(" retracted"))).toEqual([
    "raw-data/streams/a.csv streams archive/raw-data/2024-06-28/streams/a.csv retracted",
  ]);
  expect(retracted?.expected.zone["streams"]).toHaveLength(3);
  expect(retracted?.expected.quarantine).toHaveLength(1);
});

test("undisturbed, the zone holds what the files say now, and the quarantine what they do not", () => {
  const [retracted, replayed] = recordings();
  const rowsOf = (expected: typeof retracted) => expected?.expected.zone["streams"] ?? [];
  expect(rowsOf(replayed)).toEqual(rowsOf(retracted).filter((row) => !row.includes("2024-06-26")));
  expect(replayed?.expected.quarantine).toHaveLength(2);
  expect(replayed?.expected.tables["GENRE_KPIS"]).toHaveLength(1);
});

test("undisturbed, no object says the erased user's name, and the other's rows are as they were", () => {
  const [, replayed, erased] = recordings();
  expect(erased?.expected.more).toEqual([]);
  const others = (rows: readonly string[] = []) => rows.filter((row) => !row.includes("u2"));
  for (const table of ["users", "streams"]) {
    const rows = erased?.expected.zone[table];
    expect(rows).toEqual(others(replayed?.expected.zone[table]));
    expect(rows?.length).toBeGreaterThan(0);
  }
});
