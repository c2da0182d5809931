import { compareCodePoints } from "@topline/core";
import { expect } from "vitest";
import { DATE, publish, read, type KpiStoreTest } from "./store-test.ts";
import { GENRE_KPIS, genreRow, songRow, TOP_GENRES, TOP_SONGS, topGenreRow } from "./tables.ts";

export function describeValues(storeTest: KpiStoreTest): void {
  storeTest("a date without items reads as no rows", async ({ store }) => {
    expect(await store.read(GENRE_KPIS, DATE)).toEqual([]);
  });

  storeTest("rows come back as they were, in every table", async ({ open }) => {
    const rows = new Map([
      [GENRE_KPIS, [genreRow(DATE, "acoustic"), genreRow(DATE, "samba")]],
      [TOP_SONGS, [songRow(DATE, "acoustic", 1n), songRow(DATE, "acoustic", 2n)]],
      [TOP_GENRES, [topGenreRow(DATE, 1n), topGenreRow(DATE, 2n)]],
    ]);
    for (const [table, wanted] of rows) await publish(open, table, wanted);
    for (const [table, wanted] of rows) expect(await read(open, table)).toEqual(wanted);
  });

  storeTest("integers are exact up to 38 digits", async ({ open }) => {
    const counts = [
      0n,
      -1n,
      2n ** 53n + 1n,
      2n ** 63n,
      10n ** 37n,
      10n ** 38n - 1n,
      -(10n ** 38n - 1n),
      12345678901234567890123456789012345678n,
    ];
    const wanted = counts.map((listen_count, index) =>
      genreRow(DATE, `g${index}`, { listen_count }),
    );
    await publish(open, GENRE_KPIS, wanted);
    expect(await read(open, GENRE_KPIS)).toEqual(wanted);
    expect(await publish(open, GENRE_KPIS, wanted)).toMatchObject({ put: 0 });
  });

  storeTest("doubles are exact", async ({ open }) => {
    const doubles = [
      0,
      0.1,
      1 / 3,
      -2.5,
      2 ** 53 + 2,
      123_456.789,
      1e21,
      1.2345678901234567e100,
      5e-7,
      Number.EPSILON,
      1.1e-100,
    ];
    const wanted = doubles.map((avg_listening_time_per_user_ms, index) =>
      genreRow(DATE, `g${String(index).padStart(2, "0")}`, { avg_listening_time_per_user_ms }),
    );
    await publish(open, GENRE_KPIS, wanted);
    expect(await read(open, GENRE_KPIS)).toEqual(wanted);
    expect(await publish(open, GENRE_KPIS, wanted)).toMatchObject({ put: 0 });
  });

  storeTest("null is an absent attribute, and so is a column left out", async ({ open }) => {
    const { artists: _, ...withoutArtists } = songRow(DATE, "samba", 2n, { track_name: null });
    await publish(open, TOP_SONGS, [songRow(DATE, "samba", 1n, { artists: null }), withoutArtists]);
    const [first, second] = await open.store.read(TOP_SONGS, DATE);
    expect(first?.["artists"] ?? null).toBeNull();
    expect(first?.["track_name"]).toBe("A Song");
    expect(second?.["artists"] ?? null).toBeNull();
    expect(second?.["track_name"] ?? null).toBeNull();
    const withNulls = [
      songRow(DATE, "samba", 1n, { artists: null }),
      { ...withoutArtists, artists: null },
    ];
    expect(await publish(open, TOP_SONGS, withNulls)).toEqual({ put: 0, deleted: 0, unchanged: 2 });
  });

  storeTest("an empty text stays one", async ({ open }) => {
    const wanted = [songRow(DATE, "samba", 1n, { artists: "" })];
    await publish(open, TOP_SONGS, wanted);
    expect(await read(open, TOP_SONGS)).toEqual(wanted);
  });

  storeTest("any text may be a key and a value", async ({ open }) => {
    const genres = HOSTILE_TEXTS.toSorted(compareCodePoints);
    const wanted = genres.map((genre) => genreRow(DATE, genre));
    expect(await publish(open, GENRE_KPIS, wanted)).toMatchObject({ put: genres.length });
    expect(await read(open, GENRE_KPIS)).toEqual(wanted);

    const songs = genres.map((genre) => songRow(DATE, genre, 1n, { track_name: genre }));
    await publish(open, TOP_SONGS, songs);
    expect(await read(open, TOP_SONGS)).toEqual(songs);
    expect(await publish(open, TOP_SONGS, songs)).toMatchObject({ put: 0, deleted: 0 });
    expect(await publish(open, TOP_SONGS, [])).toMatchObject({ deleted: songs.length });
  });
}

const HOSTILE_TEXTS = [
  "#",
  "a#1",
  "a",
  "a#1#2",
  `"quoted" 'twice'`,
  "\\back\\slash",
  "🎵",
  "é",
  "e\u0301",
  "__proto__",
  "constructor",
  "1",
  "01",
  "1e3",
  "-0",
  "null",
  "true",
  " ",
  "a, b",
  "tab\there",
  "\u0000",
  "ｚ",
  "x".repeat(255),
  "🎵".repeat(200),
];
