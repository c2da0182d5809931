import { Buffer } from "node:buffer";
import { readdir } from "node:fs/promises";
import { DuckDBInstance, version } from "@duckdb/node-api";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DataFile, Plan, TableSpec } from "@topline/core";
import { DATASETS, planSchema, ToplineError } from "@topline/core";
import { describe, expect, test } from "vitest";
import { buildPlan, duckdbEngine } from "@topline/kpi-engine";
import { batches } from "../src/duckdb/compute.ts";
import { recordsQuery } from "../src/relations.ts";
import { type Bench, bench, csv, source, text } from "./drop.ts";

const DAY = "2024-06-25";
const listen = (user: string, track: string, day = DAY) => `${user},${track},${day} 10:00:00`;
const fault = async (work: Promise<unknown>): Promise<ToplineError> =>
  work.then(
    () => {
      throw new Error("expected a fault");
    },
    (error: unknown) => {
      if (error instanceof ToplineError) return error;
      throw error;
    },
  );

test("the engine is named after the DuckDB that runs", async () => {
  await using zone = await bench();
  const { name } = duckdbEngine({ store: zone.store, tempDirectory: zone.tempDirectory });
  expect(name).toBe(`duckdb ${version().replace("v", "")}`);
});

test("Parquet files hold the zone's columns, timestamps adjusted to UTC, and say their true size", async () => {
  await using zone = await bench();
  await zone.take([
    { dataset: "streams", bytes: csv("streams", listen("u1", "t1")), sourceId: "abc" },
    { dataset: "songs", bytes: csv("songs", "t1,,,,5,pop") },
  ]);
  const [file] = zone.zone.streams as [DataFile];
  const key = `processed/streams/${file.path}`;
  expect((await zone.store.head(key))?.size).toBe(file.size);
  expect(file.modificationTime).toBe(Date.parse("2024-06-26T12:00:00Z"));
  expect(zone.zone.songs.map(({ path, partition }) => [path, partition])).toEqual([
    ["run-1.parquet", {}],
  ]);

  const local = join(zone.tempDirectory, "read-back.parquet");
  const parts: Uint8Array[] = [];
  for await (const part of (await zone.store.get(key)).body) parts.push(part);
  await writeFile(local, Buffer.concat(parts));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const rows = async (sql: string) => (await connection.runAndReadAll(sql, [local])).getRowsJson();
  expect(
    await rows("SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet($1))"),
  ).toEqual([
    ["user_id", "VARCHAR"],
    ["track_id", "VARCHAR"],
    ["listen_time", "TIMESTAMP WITH TIME ZONE"],
    ["source_id", "VARCHAR"],
  ]);
  expect(
    await rows(
      "SELECT user_id, track_id, CAST(epoch_us(listen_time) AS VARCHAR), source_id FROM read_parquet($1)",
    ),
  ).toEqual([["u1", "t1", `${Date.parse(`${DAY}T10:00:00Z`)}000`, "abc"]]);
  expect(await rows("SELECT DISTINCT compression FROM parquet_metadata($1)")).toEqual([["SNAPPY"]]);
  connection.closeSync();
  instance.closeSync();
  await (await import("node:fs/promises")).rm(local);
});

test("a plan of format 1, as a run that was open meanwhile holds it, is executed alike", async () => {
  const plan = buildPlan();
  const datasets = DATASETS.map((name) => {
    const { columns } = plan.datasets[name];
    return [name, { columns, sql: recordsQuery(plan.datasets[name]) }];
  });
  const former = planSchema.parse({ ...plan, format: 1, datasets: Object.fromEntries(datasets) });
  const drops = [
    { dataset: "songs", bytes: csv("songs", 't1,A,,"two', 'lines",5,pop', "t2,,,,many,pop") },
    { dataset: "users", bytes: csv("users", 'u1,"Ann', 'Lee",,,') },
    { dataset: "streams", bytes: csv("streams", listen("u1", "t1"), "u1,,") },
  ] as const;
  const done = async (one: Plan) => {
    await using zone = await bench(one);
    const verdicts = await zone.take(drops);
    return { verdicts, computed: await zone.compute([DAY]) };
  };
  const today = await done(plan);
  expect(await done(former)).toEqual(today);
  expect(today.verdicts.map(({ records, accepted }) => [records, accepted])).toEqual([
    [2n, 1n],
    [1n, 1n],
    [2n, 1n],
  ]);
  expect(today.computed.rows["TOP_SONGS"]).toMatchObject([
    { track_id: "t1", track_name: "two\nlines" },
  ]);
});

describe("dates that reference tables touch", () => {
  const next = "2024-06-26";

  async function days(zone: Bench) {
    await zone.take([
      { dataset: "songs", bytes: csv("songs", "t1,A,,,1,pop", "t2,,,,2,pop"), sourceId: "s1" },
      { dataset: "users", bytes: csv("users", "u1,,,,", "u2,,,,"), sourceId: "p1" },
      { dataset: "streams", bytes: csv("streams", listen("u1", "t1"), listen("u2", "t2", next)) },
    ]);
    return { songs: [...zone.zone.songs], users: [...zone.zone.users] };
  }

  const touched = async (zone: Bench, before: Awaited<ReturnType<typeof days>>) => {
    await using session = await zone.open();
    return await session.datesTouched(before, zone.zone, ["songs", "users"]);
  };

  test("are none when a catalogue comes again with the same rows", async () => {
    await using zone = await bench();
    const before = await days(zone);
    await zone.take([
      { dataset: "songs", bytes: csv("songs", "t2,,,,2,pop", "t1,A,,,1,pop"), sourceId: "s2" },
    ]);
    expect(await touched(zone, before)).toEqual([]);
  });

  test.each([
    ["another duration", csv("songs", "t2,,,,3,pop"), [next]],
    ["another genre", csv("songs", "t1,A,,,1,rock"), [DAY]],
    ["text that is absent now", csv("songs", "t1,,,,1,pop"), [DAY]],
    ["a track that nobody listened to", csv("songs", "t9,,,,3,pop"), []],
  ])("are those with listens of the track: %s", async (_, songs, expected) => {
    await using zone = await bench();
    const before = await days(zone);
    await zone.take([{ dataset: "songs", bytes: songs, sourceId: "s2" }]);
    expect(await touched(zone, before)).toEqual(expected);
  });

  test("are those of users only where users are asked for", async () => {
    await using zone = await bench();
    const before = await days(zone);
    await zone.take([{ dataset: "users", bytes: csv("users", "u1,,31,,"), sourceId: "p2" }]);
    expect(await touched(zone, before)).toEqual([DAY]);
    await using session = await zone.open();
    expect(await session.datesTouched(before, zone.zone, ["songs"])).toEqual([]);
  });

  test("are dates, also where another writer's listens have none", async () => {
    await using zone = await bench();
    const before = await days(zone);
    const [first, ...others] = zone.zone.streams.map((file, at) =>
      at === 0 ? { ...file, partition: { date: null } } : file,
    );
    if (first !== undefined) zone.zone.streams.splice(0, Infinity, first, ...others);
    expect(await touched(zone, { ...before, songs: [] })).toEqual([next]);
  });

  test("are all with known tracks where no catalogue was before", async () => {
    await using zone = await bench();
    await days(zone);
    expect(await touched(zone, { songs: [], users: [] })).toEqual([DAY, next]);
  });
});

describe("a custom KPI", () => {
  const table: TableSpec = {
    name: "COUNTRY_KPIS",
    relation: "country_kpis",
    columns: [
      { name: "date", type: "string" },
      { name: "country", type: "string" },
      { name: "listens", type: "integer" },
    ],
    sortKey: "country",
    list: [],
    indexes: [],
    orderBy: ["country"],
  };
  const sql =
    "SELECT l.date, u.user_country AS country, COUNT(*) AS listens FROM listens AS l JOIN users AS u ON u.user_id = l.user_id GROUP BY l.date, u.user_country";

  test("has its rows beside the others'", async () => {
    const plan = buildPlan({ kpis: [{ sql, table }] });
    await using zone = await bench(plan);
    await zone.take([
      { dataset: "users", bytes: csv("users", "u1,,,DE,", "u2,,,AT,", "u3,,,DE,") },
      {
        dataset: "streams",
        bytes: csv("streams", listen("u1", "a"), listen("u2", "a"), listen("u3", "a")),
      },
    ]);
    const { rows } = await zone.compute([DAY]);
    expect(rows["COUNTRY_KPIS"]).toEqual([
      { date: DAY, country: "AT", listens: 1n },
      { date: DAY, country: "DE", listens: 2n },
    ]);
  });

  test.each([
    ["does not parse", "SELEKT 1", /relation country_kpis does not run: .*syntax error/s],
    [
      "reads what is not there",
      "SELECT * FROM nowhere",
      /relation country_kpis does not run: .*nowhere/s,
    ],
    [
      "lacks a column",
      "SELECT date, genre AS country FROM genre_kpis",
      /country_kpis .*Expected: date string, country string, listens integer.*Found: date VARCHAR, country VARCHAR/s,
    ],
    [
      "yields another type",
      "SELECT date, genre AS country, CAST(listen_count AS DOUBLE) AS listens FROM genre_kpis",
      /Found: .*listens DOUBLE/,
    ],
  ])("that %s is told before anything is read", async (_, wrong, message) => {
    await using zone = await bench();
    const error = await fault(zone.open({ plan: buildPlan({ kpis: [{ sql: wrong, table }] }) }));
    expect(error.code).toBe("RELATION_INVALID");
    expect(error.message).toMatch(message);
    expect(await readdir(zone.tempDirectory)).toEqual([]);
  });

  test("that yields no key, or fails at its work, is named", async () => {
    await using zone = await bench();
    await zone.take([
      { dataset: "users", bytes: csv("users", "u1,,,,") },
      { dataset: "streams", bytes: csv("streams", listen("u1", "a")) },
    ]);
    const keyless = await fault(zone.compute([DAY], buildPlan({ kpis: [{ sql, table }] })));
    expect([keyless.code, keyless.message]).toEqual([
      "RELATION_INVALID",
      expect.stringMatching(/country_kpis yields 1 rows without a value in date or country/),
    ]);
    const failing = sql.replace("COUNT(*)", "COUNT(*) + CAST(MIN(l.track_id) AS BIGINT)");
    const failed = await fault(zone.compute([DAY], buildPlan({ kpis: [{ sql: failing, table }] })));
    expect([failed.code, failed.message]).toEqual([
      "ENGINE_FAILED",
      expect.stringMatching(/relation country_kpis: .*Could not convert string 'a'/s),
    ]);
  });
});

describe("giving up", () => {
  test("ends the session's work and leaves nothing", async () => {
    await using zone = await bench();
    const gone = new AbortController();
    await using session = await zone.open({ signal: gone.signal });
    const given = await source(
      zone.store,
      { dataset: "streams", bytes: csv("streams", listen("u", "t")) },
      0,
    );
    gone.abort();
    const error = await fault(session.ingest([given], buildPlan().limits));
    expect([error.code, error.isRetryable]).toEqual(["CANCELLED", true]);
  });

  test("for a fault tells that fault", async () => {
    await using zone = await bench();
    const gone = new AbortController();
    await using session = await zone.open({ signal: gone.signal });
    const lost = new ToplineError("LEASE_LOST", "Another run took over.");
    gone.abort(lost);
    expect(await fault(session.compute({ songs: [], users: [], streams: [] }, [DAY]))).toBe(lost);
  });

  test("interrupts a statement that runs", async () => {
    const endless = {
      name: "endless",
      sql: "SELECT COUNT(*) AS n FROM range(1000000000000) AS a, listens",
    };
    await using zone = await bench();
    await zone.take([{ dataset: "streams", bytes: csv("streams", listen("u", "t")) }]);
    const gone = new AbortController();
    await using session = await zone.open({
      plan: buildPlan({ relations: [endless] }),
      signal: gone.signal,
    });
    const computing = fault(session.compute(zone.zone, [DAY]));
    setTimeout(() => gone.abort(), 100);
    expect((await computing).code).toBe("CANCELLED");
  });
});

test("a fault of the store is told as it is, and leaves nothing", async () => {
  await using zone = await bench();
  await using session = await zone.open();
  const given = await source(
    zone.store,
    { dataset: "streams", bytes: csv("streams", listen("u", "t")) },
    0,
  );
  const absent = { ...given, sourceId: "absent", inputKey: "runs/r/input/absent" };
  const error = await fault(session.ingest([given, absent], buildPlan().limits));
  expect(error.code).toBe("OBJECT_NOT_FOUND");
});

test("small dates are computed in batches of bounded rows, a large one alone, never one in parts", () => {
  const file = (date: string, records: bigint): DataFile => ({
    path: `date=${date}/x.parquet`,
    size: 1,
    modificationTime: 0,
    partition: { date },
    records,
  });
  const thousand = 1000n;
  const files = [
    file("a", 900n * thousand),
    file("b", 90_000n * thousand),
    file("c", 999n * thousand),
    file("d", 500n * thousand),
    file("d", 500n * thousand),
    file("e", 300n * thousand),
    file("e", 600n * thousand),
    ...["f", "g", "h"].map((date) => file(date, 950n * thousand)),
  ];
  const dates = ["a", "b", "c", "d", "none", "e", "f", "g", "h"];
  const found = [...batches(files, dates)];
  expect(found.map((batch) => [batch.dates.join(), batch.rows / thousand])).toEqual([
    ["b", 90_000n],
    ["d", 1000n],
    ["a,c,e,f,g", 4699n],
    ["h", 950n],
  ]);
  expect(found.flatMap((batch) => batch.files)).toHaveLength(files.length);
});

test("the quarantine can be written after the rows, and the rows once", async () => {
  await using zone = await bench();
  await using session = await zone.open();
  const bytes = csv("streams", listen("u", "t"), "bad", listen("u", "t"), "worse");
  const given = await source(zone.store, { dataset: "streams", bytes }, 0);
  await session.ingest([given], buildPlan().limits);
  const [file] = await session.writeRows("streams", { stem: "x", intake: 1n });
  expect(file?.records).toBe(2n);
  const [key = ""] = await session.writeQuarantine(given.sourceId, "quarantine/source=x/");
  const rows = (await text(zone, key)).trim().split("\n");
  expect(rows.map((row) => (JSON.parse(row) as { record: number }).record)).toEqual([2, 4]);
  const again = await fault(session.writeRows("streams", { stem: "y", intake: 1n }));
  expect(again.message).toContain("written already");
});

test("a table that nothing was accepted for gets no file", async () => {
  await using zone = await bench();
  await zone.take([{ dataset: "users", bytes: `${csv("users")}\nu,,151,,` }], {
    maxQuarantineRatio: 1,
  });
  expect(zone.zone).toEqual({ songs: [], users: [], streams: [] });
  const keys = await Array.fromAsync(zone.store.list("processed/"), ({ key }) => key);
  expect(keys).toEqual([]);
});

test("a relation that means something else by its date keeps it, also where a date is computed alone", async () => {
  const table: TableSpec = {
    name: "MARKED",
    relation: "marked_listens",
    columns: [
      { name: "date", type: "string" },
      { name: "mark", type: "string" },
      { name: "listens", type: "integer" },
    ],
    sortKey: "mark",
    list: [],
    indexes: [],
    orderBy: ["mark"],
  };
  const plan = buildPlan({
    relations: [{ name: "marked", sql: "SELECT user_id, 'never' AS date FROM listens" }],
    kpis: [
      {
        sql: "SELECT l.date, m.date AS mark, COUNT(*) AS listens FROM listens AS l JOIN marked AS m ON m.user_id = l.user_id GROUP BY l.date, m.date",
        table,
      },
    ],
  });
  await using zone = await bench(plan);
  await zone.take([{ dataset: "streams", bytes: csv("streams", listen("u", "t")) }]);
  const swollen = zone.zone.streams.map((file) => Object.assign({}, file, { records: 4_000_000n }));
  await using session = await zone.open();
  const { violations } = await session.compute({ ...zone.zone, streams: swollen }, [DAY]);
  expect(violations).toEqual([]);
  expect(await session.rows("MARKED", DAY)).toEqual([{ date: DAY, mark: "never", listens: 1n }]);
});

test("dates of one call that are computed in several batches are all there, in their order", async () => {
  await using zone = await bench();
  const days = ["2024-06-24", "2024-06-25", "2024-06-26"];
  await zone.take([
    { dataset: "songs", bytes: csv("songs", "t1,,,,5,pop") },
    { dataset: "streams", bytes: csv("streams", ...days.map((day) => listen("u", "t1", day))) },
  ]);
  // Files that claim more rows than they have, so that no two dates fit one batch.
  const swollen = zone.zone.streams.map((file) => Object.assign({}, file, { records: 4_000_000n }));
  await using session = await zone.open();
  const { figures, violations } = await session.compute({ ...zone.zone, streams: swollen }, days);
  expect(violations).toEqual([]);
  expect(figures.map(({ date, listens }) => [date, listens])).toEqual(days.map((day) => [day, 1n]));
  for (const day of days) {
    expect(await session.rows("GENRE_KPIS", day)).toMatchObject([{ date: day, listen_count: 1n }]);
  }
});
