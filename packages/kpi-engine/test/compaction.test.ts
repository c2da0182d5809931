import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DataFile, Dataset } from "@topline/core";
import { expect, test } from "vitest";
import { Database } from "../src/duckdb/database.ts";
import { type Bench, bench, csv } from "./drop.ts";

/** Many files of a partition as one, on DuckDB. */

const DATES = ["2024-06-25", "2024-06-26"];
const listens = (...at: readonly string[]) => csv("streams", ...at.map((time) => `${time}:00:00`));

/** The same sources twice, so that there are rows to be told apart by their intake alone. */
async function taken(): Promise<Bench> {
  const zone = await bench();
  for (const genre of ["pop", "rock", "pop"]) {
    await zone.take([
      { dataset: "songs", bytes: csv("songs", `t1,A,,One,1000,${genre}`), sourceId: `s-${genre}` },
      { dataset: "users", bytes: csv("users", "u1,Ann,30,NO,2020-01-01", "u2,,,,"), sourceId: "u" },
      {
        dataset: "streams",
        bytes: listens("u1,t1,2024-06-25 10", "u2,t1,2024-06-25 10", "u2,t1,2024-06-26 10"),
        sourceId: genre,
      },
    ]);
  }
  await zone.take([{ dataset: "streams", bytes: listens("u3,t1,2024-06-27 10"), sourceId: "x" }]);
  return zone;
}

async function compacted(zone: Bench, table: Dataset) {
  await using session = await zone.open();
  const { add, remove } = await session.compact(table, zone.zone[table], { stem: "one" });
  const gone = new Set(remove.map(({ path }) => path));
  const live = zone.zone[table].filter(({ path }) => !gone.has(path));
  zone.zone[table].splice(0, Infinity, ...live, ...add);
  return [remove, add].map((files) => files.map(shown));
}

const shown = ({ path, records }: DataFile) => `${path} ${records}`;

test("each date has one file with one row per listen and source; the figures stay", async () => {
  await using zone = await taken();
  const before = await zone.compute(DATES);
  expect(await compacted(zone, "streams")).toEqual([
    [1, 2, 3]
      .flatMap((run) => `date=2024-06-25/run-${run}.parquet 2`)
      .concat([1, 2, 3].map((run) => `date=2024-06-26/run-${run}.parquet 1`)),
    // `pop` came twice.
    ["date=2024-06-25/one.parquet 4", "date=2024-06-26/one.parquet 2"],
  ]);
  expect(zone.zone.streams.map(({ path }) => path)).toContain("date=2024-06-27/run-4.parquet");
  const after = await zone.compute(DATES);
  expect(after.rows).toEqual(before.rows);
  expect(after.figures).toMatchObject(
    [2n, 1n].map((count) => ({ listens: count, duplicates: count })),
  );
  expect(await compacted(zone, "streams")).toEqual([[], []]);
});

test("of rows of a catalogue that differ in their intake alone, that of the greatest stays", async () => {
  await using zone = await taken();
  const before = await zone.compute(DATES);
  for (const table of ["songs", "users"] as const) {
    expect(await compacted(zone, table)).toEqual([
      [1, 2, 3].map((run) => `run-${run}.parquet ${table === "songs" ? 1 : 2}`),
      ["one.parquet 2"],
    ]);
  }
  expect(await zone.compute(DATES)).toEqual(before);
  expect(before.rows["GENRE_KPIS"]?.map(({ genre }) => genre)).toEqual(["pop", "pop"]);
});

test("files with columns of other writers, or without a date, are left as they are", async () => {
  await using zone = await taken();
  const copy = join(zone.tempDirectory, "foreign.parquet");
  {
    using db = await Database.open({ directory: zone.tempDirectory });
    await db.run(
      "a file",
      `COPY (SELECT 'u9' AS user_id, 't1' AS track_id, TIMESTAMPTZ '2024-06-25 12:00:00Z' AS listen_time, 'x' AS source_id, 'theirs' AS device) TO '${copy}' (FORMAT parquet)`,
    );
  }
  const bytes = await readFile(copy);
  await rm(copy);
  const add = async (path: string, date: string | null) => {
    await zone.store.put(`processed/streams/${path}`, bytes);
    const file = { path, size: bytes.length, modificationTime: 0, partition: { date } };
    zone.zone.streams.push({ ...file, records: 1n });
  };
  await add("date=2024-06-25/foreign.parquet", "2024-06-25");
  await add("undated-1.parquet", null);
  await add("undated-2.parquet", null);
  const [removed] = await compacted(zone, "streams");
  expect(removed).toHaveLength(6);
  expect(zone.zone.streams.map(shown)).toEqual(
    expect.arrayContaining(["date=2024-06-25/foreign.parquet 1", "undated-1.parquet 1"]),
  );
});
