import { describe, expect, test } from "vitest";
import { compareCodePoints } from "@topline/core";
import { buildPlan } from "@topline/kpi-engine";
import { bench, csv } from "./drop.ts";

const DAY = "2024-06-25";
const at = (time: string, day = DAY) => `${day} ${time}`;

test("a listen counts once however many sources bring it, and in every genre of its track", async () => {
  await using zone = await bench();
  await zone.take([
    {
      dataset: "songs",
      bytes: csv("songs", "t1,A,,One,1000,pop", "t1,A,,One,1000,rock", "t2,B,,Two,250,rock"),
    },
    { dataset: "users", bytes: csv("users", "u1,Ann,30,DE,2024-01-01", "u2,Bob,,,") },
    {
      dataset: "streams",
      bytes: csv(
        "streams",
        `u1,t1,${at("10:00:00")}`,
        `u1,t1,${at("10:00:00")}`,
        `u2,t2,${at("11:00:00")}`,
      ),
    },
    {
      dataset: "streams",
      bytes: csv(
        "streams",
        `u1,t1,${at("10:00:00")}`,
        `u1,t2,${at("12:00:00")}`,
        `u9,t9,${at("12:00:00")}`,
      ),
    },
  ]);
  const { figures, violations, rows } = await zone.compute([DAY]);
  expect(violations).toEqual([]);
  // Listens: (u1,t1,10), (u2,t2,11), (u1,t2,12), (u9,t9,12). The first came from two sources, from one twice.
  expect(figures).toEqual([
    { date: DAY, listens: 4n, duplicates: 1n, unknown_tracks: 1n, unknown_users: 1n },
  ]);
  expect(rows["GENRE_KPIS"]).toEqual([
    {
      date: DAY,
      genre: "pop",
      listen_count: 1n,
      unique_listeners: 1n,
      total_listening_time_ms: 1000n,
      avg_listening_time_per_user_ms: 1000,
    },
    {
      date: DAY,
      genre: "rock",
      listen_count: 3n,
      unique_listeners: 2n,
      total_listening_time_ms: 1500n,
      avg_listening_time_per_user_ms: 750,
    },
  ]);
  expect(rows["TOP_SONGS"]).toEqual([
    {
      date: DAY,
      genre_rank: "pop#1",
      genre: "pop",
      rank: 1n,
      track_id: "t1",
      track_name: "One",
      artists: "A",
      listen_count: 1n,
    },
    {
      date: DAY,
      genre_rank: "rock#1",
      genre: "rock",
      rank: 1n,
      track_id: "t2",
      track_name: "Two",
      artists: "B",
      listen_count: 2n,
    },
    {
      date: DAY,
      genre_rank: "rock#2",
      genre: "rock",
      rank: 2n,
      track_id: "t1",
      track_name: "One",
      artists: "A",
      listen_count: 1n,
    },
  ]);
  expect(rows["TOP_GENRES"]).toEqual([
    {
      date: DAY,
      rank: 1n,
      genre: "rock",
      listen_count: 3n,
      unique_listeners: 2n,
      total_listening_time_ms: 1500n,
    },
    {
      date: DAY,
      rank: 2n,
      genre: "pop",
      listen_count: 1n,
      unique_listeners: 1n,
      total_listening_time_ms: 1000n,
    },
  ]);
});

test("the date of a listen is its UTC date, to the last microsecond", async () => {
  await using zone = await bench();
  await zone.take([
    { dataset: "songs", bytes: csv("songs", "t1,,,,1,pop") },
    { dataset: "users", bytes: csv("users", "u1,,,,") },
    {
      dataset: "streams",
      bytes: csv("streams", `u1,t1,${at("23:59:59.999999")}`, "u1,t1,2024-06-26T00:00:00Z"),
    },
  ]);
  expect(
    zone.zone.streams.map(({ path, partition, records }) => [path, partition, records]),
  ).toEqual([
    ["date=2024-06-25/run-1.parquet", { date: DAY }, 1n],
    ["date=2024-06-26/run-1.parquet", { date: "2024-06-26" }, 1n],
  ]);
  const { figures } = await zone.compute([DAY, "2024-06-26", "2024-06-27"]);
  expect(figures.map(({ date, listens }) => [date, listens])).toEqual([
    [DAY, 1n],
    ["2024-06-26", 1n],
    ["2024-06-27", 0n],
  ]);
});

test("equal counts are ordered by code points, not by UTF-16 units", async () => {
  const names = ["z", "\uffff", "\u{1f3b5}", "Z", "é", "~"];
  const expected = ["Z", "z", "~", "é", "\uffff", "\u{1f3b5}"];
  expect([...names].sort(compareCodePoints)).toEqual(expected);
  await using zone = await bench();
  await zone.take([
    {
      dataset: "songs",
      bytes: csv("songs", ...names.flatMap((name) => [`${name},,,,1,${name}`, `${name},,,,1,all`])),
    },
    { dataset: "users", bytes: csv("users", "u1,,,,") },
    {
      dataset: "streams",
      bytes: csv("streams", ...names.map((name) => `u1,${name},${at("10:00:00")}`)),
    },
  ]);
  const { rows } = await zone.compute([DAY]);
  expect(rows["TOP_GENRES"]?.map(({ genre }) => genre)).toEqual(["all", ...expected.slice(0, 4)]);
  const ofAll = rows["TOP_SONGS"]?.filter(({ genre }) => genre === "all");
  expect(ofAll?.map(({ track_id }) => track_id)).toEqual(expected.slice(0, 3));
  expect(rows["GENRE_KPIS"]?.map(({ genre }) => genre)).toEqual([
    "Z",
    "all",
    "z",
    "~",
    "é",
    "\uffff",
    "\u{1f3b5}",
  ]);
});

describe("the catalogue", () => {
  test("of a later intake replaces the tracks that it names, genres and all, and no others", async () => {
    await using zone = await bench();
    await zone.take([
      {
        dataset: "songs",
        bytes: csv("songs", "t1,,,Old,10,pop", "t1,,,Old,10,rock", "t2,,,Kept,20,jazz"),
        sourceId: "zzz",
      },
      { dataset: "users", bytes: csv("users", "u1,,,,") },
      {
        dataset: "streams",
        bytes: csv("streams", `u1,t1,${at("10:00:00")}`, `u1,t2,${at("10:00:00")}`),
      },
    ]);
    await zone.take([
      { dataset: "songs", bytes: csv("songs", "t1,,,New,30,folk"), sourceId: "aaa" },
    ]);
    const { rows } = await zone.compute([DAY]);
    expect(rows["TOP_SONGS"]?.map(({ genre, track_name }) => [genre, track_name])).toEqual([
      ["folk", "New"],
      ["jazz", "Kept"],
    ]);
  });

  test("of one intake is that of the greater source id", async () => {
    await using zone = await bench();
    await zone.take([
      { dataset: "songs", bytes: csv("songs", "t1,,,B,10,pop"), sourceId: "b" },
      { dataset: "songs", bytes: csv("songs", "t1,,,A,10,rock"), sourceId: "a" },
      { dataset: "streams", bytes: csv("streams", `u1,t1,${at("10:00:00")}`) },
    ]);
    const { rows } = await zone.compute([DAY]);
    expect(rows["TOP_SONGS"]?.map(({ genre, track_name }) => [genre, track_name])).toEqual([
      ["pop", "B"],
    ]);
  });

  test("that comes late brings the listens that waited for it", async () => {
    await using zone = await bench();
    await zone.take([{ dataset: "streams", bytes: csv("streams", `u1,t1,${at("10:00:00")}`) }]);
    const before = await zone.compute([DAY]);
    expect(before.figures[0]).toMatchObject({ listens: 1n, unknown_tracks: 1n, unknown_users: 1n });
    expect(before.rows["GENRE_KPIS"]).toEqual([]);
    await zone.take([
      { dataset: "songs", bytes: csv("songs", "t1,,,One,10,pop") },
      { dataset: "users", bytes: csv("users", "u1,,,,") },
    ]);
    const after = await zone.compute([DAY]);
    expect(after.figures[0]).toMatchObject({ listens: 1n, unknown_tracks: 0n, unknown_users: 0n });
    expect(after.rows["GENRE_KPIS"]).toHaveLength(1);
  });

  test.each([
    [
      "absent text before any",
      ["t1,B,,,10,pop", "t1,,,,99,pop"],
      { artists: null, listen_count: 1n },
      99n,
    ],
    ["the first column decides", ["t1,B,a,,10,pop", "t1,A,z,,99,pop"], { artists: "A" }, 99n],
    ["numbers as numbers", ["t1,A,,,10,pop", "t1,A,,,9,pop"], { artists: "A" }, 9n],
  ])("of two rows for one track and genre keeps the least: %s", async (_, songs, song, total) => {
    await using zone = await bench();
    await zone.take([
      { dataset: "songs", bytes: csv("songs", ...songs) },
      { dataset: "streams", bytes: csv("streams", `u1,t1,${at("10:00:00")}`) },
    ]);
    const { rows } = await zone.compute([DAY]);
    expect(rows["TOP_SONGS"]).toHaveLength(1);
    expect(rows["TOP_SONGS"]?.[0]).toMatchObject(song);
    expect(rows["GENRE_KPIS"]?.[0]).toMatchObject({
      listen_count: 1n,
      total_listening_time_ms: total,
    });
  });
});

test("a genre may hold a number sign, and the sort key then holds two", async () => {
  await using zone = await bench();
  await zone.take([
    { dataset: "songs", bytes: csv("songs", "t1,,,,1,c#1") },
    { dataset: "streams", bytes: csv("streams", `u1,t1,${at("10:00:00")}`) },
  ]);
  const { rows } = await zone.compute([DAY]);
  expect(rows["TOP_SONGS"]?.[0]).toMatchObject({ genre: "c#1", genre_rank: "c#1#1" });
});

test("totals stay exact beyond 2^63, and so does the double that is their quotient", async () => {
  const plan = buildPlan();
  const swollen = plan.relations.map(({ name, sql }) => {
    if (name !== "songs") return { name, sql };
    const long = `SELECT * REPLACE (CAST(duration_ms AS BIGINT) * 1000000000 AS duration_ms) FROM (${sql})`;
    return { name, sql: long };
  });
  await using zone = await bench();
  const times = Array.from({ length: 200 }, (_, i) => `u${i % 3},t1,${at("10:00:00")}.${100 + i}`);
  await zone.take([
    { dataset: "songs", bytes: csv("songs", "t1,,,,86399999,pop") },
    { dataset: "streams", bytes: csv("streams", ...times) },
  ]);
  const { rows, violations } = await zone.compute([DAY], { ...plan, relations: swollen });
  const total = 200n * 86_399_999n * 1_000_000_000n;
  expect(total).toBeGreaterThan(2n ** 63n);
  expect(violations).toEqual([]);
  expect(rows["GENRE_KPIS"]).toEqual([
    {
      date: DAY,
      genre: "pop",
      listen_count: 200n,
      unique_listeners: 3n,
      total_listening_time_ms: total,
      avg_listening_time_per_user_ms: Number(total) / 3,
    },
  ]);
});
