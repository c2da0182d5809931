import { compareCodePoints, type KpiRow } from "@topline/core";
import { expect } from "vitest";
import { DATE, OTHER_DATE, publish, read, type KpiStoreTest } from "./store-test.ts";
import { GENRE_KPIS, genreRow, songRow, TOP_GENRES, TOP_SONGS, topGenreRow } from "./tables.ts";

export function describeOrder(storeTest: KpiStoreTest): void {
  storeTest("text is in order of code points, not of UTF-16 units", async ({ open }) => {
    const ordered = ["A", "B", "a", "ä", "ｚ", "\u{fffd}", "🎵"];
    await publish(open, GENRE_KPIS, ordered.map((genre) => genreRow(DATE, genre)).toReversed());
    const rows = await open.store.read(GENRE_KPIS, DATE);
    expect(rows.map((row) => row["genre"])).toEqual(ordered);
  });

  storeTest("numbers are in order as numbers, whatever the key's text says", async ({ open }) => {
    const ranks = [1n, 2n, 3n, 9n, 10n, 11n, 20n];
    const wanted = ["samba", "samba#1"].flatMap((genre) =>
      ranks.map((rank) => songRow(DATE, genre, rank)),
    );
    await publish(open, TOP_SONGS, wanted.toReversed());
    expect(await read(open, TOP_SONGS)).toEqual(wanted);
    const genres = ranks.map((rank) => topGenreRow(DATE, rank));
    await publish(open, TOP_GENRES, genres.toReversed());
    expect(await read(open, TOP_GENRES)).toEqual(genres);
  });
}

export function describeMany(storeTest: KpiStoreTest): void {
  storeTest("dates of more than a megabyte come whole, and in order", async ({ open }) => {
    const filler = "♪".repeat(1_365);
    const rows = Array.from({ length: 150 }, (_, index) => `genre ${index}`)
      .toSorted(compareCodePoints)
      .flatMap((genre) =>
        [1n, 2n, 3n].map((rank) => songRow(DATE, genre, rank, { track_name: filler + rank })),
      );
    const others = [songRow(OTHER_DATE, "x", 1n)];
    await publish(open, TOP_SONGS, others, OTHER_DATE);
    expect(await publish(open, TOP_SONGS, rows)).toEqual({
      put: rows.length,
      deleted: 0,
      unchanged: 0,
    });
    expect(await read(open, TOP_SONGS)).toEqual(rows);
    expect(await publish(open, TOP_SONGS, rows)).toEqual({
      put: 0,
      deleted: 0,
      unchanged: rows.length,
    });

    const scanned = (await Array.fromAsync(open.store.scan(TOP_SONGS))).map(textOf);
    expect(scanned.toSorted()).toEqual([...rows, ...others].map(textOf).toSorted());
    const dates = await Array.fromAsync(open.store.dates(TOP_SONGS));
    expect(dates.toSorted()).toEqual([DATE, OTHER_DATE]);

    const left = rows.filter((row) => row["rank"] === 1n);
    expect(await publish(open, TOP_SONGS, left)).toEqual({
      put: 0,
      deleted: rows.length - left.length,
      unchanged: left.length,
    });
    expect(await read(open, TOP_SONGS)).toEqual(left);
  });
}

const textOf = (row: KpiRow): string =>
  JSON.stringify(
    Object.entries(row)
      .map(([name, value]) => [name, String(value)])
      .map(String)
      .toSorted(compareCodePoints),
  );
