import type { DataFile, Dataset, Leaving } from "@topline/core";
import { expect, test } from "vitest";
import { type Bench, bench, csv } from "./drop.ts";

/** Rows that leave the zone, on DuckDB. */

const listens = (...at: readonly string[]) => csv("streams", ...at.map((time) => `${time}:00:00`));

async function taken(): Promise<Bench> {
  const zone = await bench();
  await zone.take([
    { dataset: "songs", bytes: csv("songs", "t1,A,,One,1000,pop"), sourceId: "s" },
    { dataset: "users", bytes: csv("users", "u1,,,,", "u2,,,,2020-01-01"), sourceId: "u" },
    {
      dataset: "streams",
      bytes: listens("u1,t1,2024-06-25 10", "u2,t1,2024-06-26 10"),
      sourceId: "a",
    },
    {
      dataset: "streams",
      bytes: listens("u1,t1,2024-06-25 11", "it's,t1,2024-06-25 12"),
      sourceId: "b",
    },
  ]);
  await zone.take([{ dataset: "streams", bytes: listens("u1,t1,2024-06-25 13"), sourceId: "c" }]);
  return zone;
}

/** Has rows leave; with what is live in the table then. */
async function left(
  zone: Bench,
  table: Dataset,
  column: "source_id" | "user_id",
  values: readonly string[],
) {
  await using session = await zone.open();
  const choice = { column, values };
  const leaving = await session.withoutRows(table, zone.zone[table], choice, { stem: "left" });
  const gone = new Set(leaving.remove.map(({ path }) => path));
  const live = zone.zone[table].filter(({ path }) => !gone.has(path));
  zone.zone[table].splice(0, Infinity, ...live, ...leaving.add);
  return leaving;
}

const shown = ({ remove, add }: Leaving) => [remove, add].map((files) => files.map(fileShown));
const fileShown = ({ path, records }: DataFile) => `${path} ${records}`;

test("only files that have such rows are replaced, by one without them, or by none", async () => {
  await using zone = await taken();
  expect(shown(await left(zone, "streams", "source_id", ["a"]))).toEqual([
    ["date=2024-06-25/run-1.parquet 3", "date=2024-06-26/run-1.parquet 1"],
    ["date=2024-06-25/left.parquet 2"],
  ]);
  const { figures, rows } = await zone.compute(["2024-06-25", "2024-06-26"]);
  expect(figures.map(({ listens }) => listens)).toEqual([3n, 0n]);
  expect(rows["GENRE_KPIS"]).toMatchObject([
    { date: "2024-06-25", listen_count: 3n, unique_listeners: 2n, total_listening_time_ms: 3000n },
  ]);
});

test("rows of a user leave every file of a date; what stays of it comes in one", async () => {
  await using zone = await taken();
  const leaving = await left(zone, "streams", "user_id", ["u1"]);
  expect(shown(leaving)).toEqual([
    ["date=2024-06-25/run-1.parquet 3", "date=2024-06-25/run-2.parquet 1"],
    ["date=2024-06-25/left.parquet 1"],
  ]);
  const [file] = leaving.add;
  const object = await zone.store.head(`processed/streams/${file?.path}`);
  expect(object?.size).toBe(file?.size);
  expect(shown(await left(zone, "users", "user_id", ["u1"]))).toEqual([
    ["run-1.parquet 2"],
    ["left.parquet 1"],
  ]);
});

test("a value may hold quotes; one that no row has changes nothing", async () => {
  await using zone = await taken();
  expect(shown(await left(zone, "streams", "user_id", ["it's"]))).toEqual([
    ["date=2024-06-25/run-1.parquet 3"],
    ["date=2024-06-25/left.parquet 2"],
  ]);
  expect(shown(await left(zone, "streams", "user_id", ["nobody"]))).toEqual([[], []]);
  expect(shown(await left(zone, "songs", "source_id", []))).toEqual([[], []]);
});
