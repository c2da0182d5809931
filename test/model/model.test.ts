import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { drop, songs, SONGS_HEADER, streams, users } from "./drops.ts";
import type { Item } from "./figures.ts";
import { type Drop, emptyModel } from "./model.ts";

const T1 = "t1,Ann,First,One,1000,pop";
const T2 = "t2,Bob,First,Two,250,pop";
const SOME_USERS = users("u1,Una,30,France,2024-01-01", "u2,Duo,40,Spain,2024-01-02");

describe("the figures", () => {
  test("count listens, listeners and time for each genre and date", () => {
    const model = emptyModel();
    const a = streams(
      "a",
      "u1,t1,2024-06-25 10:00:00",
      "u1,t1,2024-06-25 11:00:00",
      "u2,t1,2024-06-25T11:00:00Z",
      "u2,t2,2024-06-25 23:59:59.999999",
      "u2,t2,2024-06-26 00:00:00",
    );
    expect(model.run({ intake: 1n, files: [SOME_USERS, songs(T1, T2), a] }).status).toBe(
      "succeeded",
    );

    expect(model.tables()).toEqual({
      GENRE_KPIS: [
        {
          date: "2024-06-25",
          genre: "pop",
          listen_count: 4n,
          unique_listeners: 2n,
          total_listening_time_ms: 3250n,
          avg_listening_time_per_user_ms: 1625,
        },
        {
          date: "2024-06-26",
          genre: "pop",
          listen_count: 1n,
          unique_listeners: 1n,
          total_listening_time_ms: 250n,
          avg_listening_time_per_user_ms: 250,
        },
      ],
      TOP_SONGS: [
        song("2024-06-25", 1n, "t1", "One", "Ann", 3n),
        song("2024-06-25", 2n, "t2", "Two", "Bob", 1n),
        song("2024-06-26", 1n, "t2", "Two", "Bob", 1n),
      ],
      TOP_GENRES: [
        {
          date: "2024-06-25",
          rank: 1n,
          genre: "pop",
          listen_count: 4n,
          unique_listeners: 2n,
          total_listening_time_ms: 3250n,
        },
        {
          date: "2024-06-26",
          rank: 1n,
          genre: "pop",
          listen_count: 1n,
          unique_listeners: 1n,
          total_listening_time_ms: 250n,
        },
      ],
    });
    expect(model.figures()).toEqual([
      { date: "2024-06-25", listens: 4n, duplicates: 0n, unknown_tracks: 0n, unknown_users: 0n },
      { date: "2024-06-26", listens: 1n, duplicates: 0n, unknown_tracks: 0n, unknown_users: 0n },
    ]);
  });

  test("take a listen once, however often and from wherever it comes", () => {
    const model = emptyModel();
    const a = streams("a", "u1,t1,2024-06-25 10:00:00", "u1,t1,2024-06-25 10:00:00.000");
    const b = streams("b", "u1,t1,2024-06-25T10:00:00.000000Z", "u1,t1,2024-06-25 10:00:00.000001");
    model.run({ intake: 1n, files: [SOME_USERS, songs(T1), a, b] });
    model.run({ intake: 2n, files: [a] });
    expect(model.tables().GENRE_KPIS).toMatchObject([{ listen_count: 2n, unique_listeners: 1n }]);
    // One of the two listens came from a and from b; a's second coming is the same source.
    expect(model.figures()).toMatchObject([{ listens: 2n, duplicates: 1n }]);
  });

  test("leave out listens of unknown tracks until a catalogue brings the track", () => {
    const model = emptyModel();
    const a = streams("a", "u9,t2,2024-06-25 10:00:00");
    model.run({ intake: 1n, files: [SOME_USERS, songs(T1), a] });
    expect(model.tables()).toEqual({ GENRE_KPIS: [], TOP_SONGS: [], TOP_GENRES: [] });
    expect(model.figures()).toMatchObject([{ listens: 1n, unknown_tracks: 1n, unknown_users: 1n }]);

    model.run({ intake: 2n, files: [songs(T2)] });
    expect(model.tables().GENRE_KPIS).toMatchObject([{ genre: "pop", listen_count: 1n }]);
    expect(model.figures()).toMatchObject([{ listens: 1n, unknown_tracks: 0n, unknown_users: 1n }]);
  });

  test("count a listen in every genre of its track", () => {
    const model = emptyModel();
    const catalogue = songs("t1,Ann,First,One,1000,pop", "t1,Ann,First,One,1000,folk");
    model.run({
      intake: 1n,
      files: [SOME_USERS, catalogue, streams("a", "u1,t1,2024-06-25 10:00:00")],
    });
    expect(column(model.tables().GENRE_KPIS, "genre", "listen_count")).toEqual([
      ["folk", 1n],
      ["pop", 1n],
    ]);
  });

  test("order text by code points and cut the lists", () => {
    const model = emptyModel();
    // U+FFFD comes before U+1F3B5 by code points, after it by UTF-16 units.
    const genres = ["\u{1f3b5}", "\ufffd", "b", "a", "#", "c"];
    const catalogue = songs(...genres.map((genre, i) => `t${i},Ann,First,One,1,${genre}`));
    const listens = genres.map((_, i) => `u1,t${i},2024-06-25 10:00:00`);
    model.run({ intake: 1n, files: [SOME_USERS, catalogue, streams("a", ...listens)] });
    const tables = model.tables();
    expect(column(tables.GENRE_KPIS, "genre")).toEqual(
      ["#", "a", "b", "c", "\ufffd", "\u{1f3b5}"].map((genre) => [genre]),
    );
    expect(column(tables.TOP_GENRES, "rank", "genre")).toEqual([
      [1n, "#"],
      [2n, "a"],
      [3n, "b"],
      [4n, "c"],
      [5n, "\ufffd"],
    ]);
    expect(tables.TOP_SONGS[0]).toMatchObject({ genre: "#", genre_rank: "##1" });
  });

  test("rank songs by plays, then by track id, three a genre", () => {
    const model = emptyModel();
    const catalogue = songs(...["a", "b", "c", "d"].map((id) => `${id},,,,1,pop`));
    const listens = ["d", "d", "c", "b", "a"].map((id, i) => `u1,${id},2024-06-25 10:00:0${i}`);
    model.run({ intake: 1n, files: [SOME_USERS, catalogue, streams("a", ...listens)] });
    expect(model.tables().TOP_SONGS).toEqual([
      { ...song("2024-06-25", 1n, "d", "", "", 2n) },
      { ...song("2024-06-25", 2n, "a", "", "", 1n) },
      { ...song("2024-06-25", 3n, "b", "", "", 1n) },
    ]);
  });
});

describe("the catalogue", () => {
  const listen = streams("a", "u1,t1,2024-06-25 10:00:00");
  const kpis = (...catalogues: { intake: bigint; file: Drop }[]) => {
    const model = emptyModel();
    model.run({ intake: 0n, files: [SOME_USERS, songs("t0,,,,1,none"), listen] });
    for (const { intake, file } of catalogues) model.run({ intake, files: [file] });
    const { GENRE_KPIS } = model.tables();
    return column(GENRE_KPIS, "genre", "total_listening_time_ms");
  };
  const catalogue = (sourceId: string, ...rows: string[]): Drop => ({
    ...songs(...rows),
    sourceId,
  });

  test("is the newest source's, whole, for each track that it has", () => {
    const first = catalogue("f", "t1,Ann,First,One,1000,pop", "t1,Ann,First,One,1000,folk");
    const later = catalogue("a", "t1,Ann,First,One,2000,rock");
    const other = catalogue("z", "t3,Ann,First,One,2000,rock");
    expect(kpis({ intake: 1n, file: first }, { intake: 2n, file: later })).toEqual([
      ["rock", 2000n],
    ]);
    expect(kpis({ intake: 1n, file: first }, { intake: 2n, file: other })).toEqual([
      ["folk", 1000n],
      ["pop", 1000n],
    ]);
  });

  test("is that of a file that arrives again", () => {
    const a = catalogue("a", "t1,,,,1,pop");
    const b = catalogue("b", "t1,,,,2,pop");
    const runs = [a, b, a].map((file, i) => ({ intake: BigInt(i + 1), file }));
    expect(kpis(...runs)).toEqual([["pop", 1n]]);
  });

  test("is that of the greater source id within one run", () => {
    const model = emptyModel();
    const plain = { ...songs("t1,,,,1,pop"), sourceId: "b" };
    const zipped = drop("songs.csv.gz", gzipSync(`${SONGS_HEADER}\nt1,,,,2,pop\n`), "a");
    model.run({ intake: 1n, files: [SOME_USERS, plain, zipped, listen] });
    expect(column(model.tables().GENRE_KPIS, "total_listening_time_ms")).toEqual([[1n]]);
  });

  test("keeps the least of a source's rows for one track and genre", () => {
    const least = (...rows: string[]) => kpis({ intake: 1n, file: catalogue("a", ...rows) });
    // Numbers as numbers: 9 before 10; artists before duration; absent text first.
    expect(least("t1,Ann,,,10,pop", "t1,Ann,,,9,pop")).toEqual([["pop", 9n]]);
    expect(least("t1,Ann,,,9,pop", "t1,,,,10,pop")).toEqual([["pop", 10n]]);
    expect(least("t1,\u{1f3b5},,,1,pop", "t1,\ufffd,,,2,pop")).toEqual([["pop", 2n]]);
  });
});

test("the real day has the figures that were counted elsewhere", async () => {
  const data = new URL("../../examples/music-streaming/data/", import.meta.url);
  const names = ["users", "songs", "streams/streams1", "streams/streams2", "streams/streams3"];
  const model = emptyModel();
  const { files } = model.run({
    intake: 1n,
    files: await Promise.all(
      names.map(async (name) =>
        drop(`${name}.csv.gz`, await readFile(new URL(`${name}.csv.gz`, data))),
      ),
    ),
  });
  expect(files).toMatchObject(
    [50_000n, 89_741n, 11_346n, 11_346n, 11_346n].map((rows) => ({ rows, accepted: rows })),
  );
  const { GENRE_KPIS, TOP_SONGS, TOP_GENRES } = model.tables();
  expect(column(TOP_GENRES, "genre", "listen_count")).toEqual([
    ["children", 418n],
    ["anime", 415n],
    ["disney", 413n],
    ["cantopop", 407n],
    ["happy", 395n],
  ]);
  expect(GENRE_KPIS).toHaveLength(113);
  expect(sum(GENRE_KPIS, "listen_count")).toBe(34_038n);
  expect(sum(GENRE_KPIS, "unique_listeners")).toBe(33_809n);
  expect(sum(GENRE_KPIS, "total_listening_time_ms")).toBe(7_797_300_995n);
  expect(TOP_SONGS).toHaveLength(339);
  expect(TOP_SONGS.find(({ genre }) => genre === "children")).toEqual({
    ...song("2024-06-25", 1n, "1fhkYbKPdQSd3Tb0MLTQ5Y", "Jingle Bells", "Kidsongs", 4n),
    genre: "children",
    genre_rank: "children#1",
  });
  expect(model.figures()).toEqual([
    { date: "2024-06-25", listens: 34_038n, duplicates: 0n, unknown_tracks: 0n, unknown_users: 0n },
  ]);
});

/** An item of TOP_SONGS in pop; absent text is an absent attribute. */
function song(
  date: string,
  rank: bigint,
  trackId: string,
  trackName: string,
  artists: string,
  listenCount: bigint,
): Item {
  return {
    date,
    genre_rank: `pop#${rank}`,
    genre: "pop",
    rank,
    track_id: trackId,
    ...(trackName === "" ? {} : { track_name: trackName }),
    ...(artists === "" ? {} : { artists }),
    listen_count: listenCount,
  };
}

const column = (items: readonly Item[], ...names: string[]) =>
  items.map((item) => names.map((name) => item[name]));

const sum = (items: readonly Item[], name: string): bigint =>
  items.reduce((total, item) => total + BigInt(item[name] ?? 0), 0n);
