import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Database } from "../src/duckdb/database.ts";
import { copyRows } from "../src/duckdb/parquet.ts";
import { bench, csv } from "./drop.ts";

const LISTENS = `SELECT 'u' || i AS user_id, 't' AS track_id, TIMESTAMPTZ '2024-06-25 00:00:00Z' AS listen_time,
  's' AS source_id, DATE '2024-06-25' + CAST(i >= 900 AS INT) AS "date" FROM range(1000) AS r(i)`;

test("a date of too many rows comes in several files, each row in one of them", async () => {
  const directory = await mkdtemp(join(tmpdir(), "topline-test-"));
  try {
    using db = await Database.open({ directory });
    const files = await copyRows({ db }, "streams", LISTENS, join(directory, "out"), 250n);
    const ofFirst = files.filter(({ date }) => date === "2024-06-25");
    expect(ofFirst.length).toBeGreaterThan(1);
    expect(ofFirst.reduce((sum, { records }) => sum + records, 0n)).toBe(900n);
    expect(files.filter(({ date }) => date === "2024-06-26").map(({ records }) => records)).toEqual(
      [100n],
    );
    const found = await db.rows(
      "the rows",
      `SELECT COUNT(*) AS listens, COUNT(DISTINCT user_id) AS users FROM read_parquet([${files.map(({ local }) => `'${local}'`).join(", ")}], hive_partitioning = false)`,
    );
    expect(found).toEqual([{ listens: 1000n, users: 1000n }]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test("files of several dates are brought to the zone side by side, some at a time, in the order of their dates", async () => {
  await using zone = await bench();
  const dates = Array.from({ length: 9 }, (_, i) => `2024-06-0${i + 1}`);
  const records = dates.map((date) => `u1,t1,${date} 10:00:00`);
  const put = zone.store.put.bind(zone.store);
  const several = Promise.withResolvers<void>();
  let busy = 0;
  let most = 0;
  zone.store.put = async (...args) => {
    busy += 1;
    most = Math.max(most, busy);
    if (busy > 1) several.resolve();
    if (args[0].startsWith("processed/")) await several.promise;
    const answer = await put(...args);
    busy -= 1;
    return answer;
  };
  await zone.take([{ dataset: "streams", bytes: csv("streams", ...records) }]);
  expect(zone.zone.streams.map(({ path }) => path)).toEqual(
    dates.map((date) => `date=${date}/run-1.parquet`),
  );
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(4);
});
