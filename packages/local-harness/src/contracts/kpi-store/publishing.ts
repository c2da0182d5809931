import type { KpiRow } from "@topline/core";
import { expect } from "vitest";
import { DATE, OTHER_DATE, publish, read, type KpiStoreTest } from "./store-test.ts";
import { GENRE_KPIS, genreRow, songRow, TOP_SONGS } from "./tables.ts";

export function describePublish(storeTest: KpiStoreTest): void {
  storeTest("writes what differs, and counts it", async ({ open }) => {
    const [a, b, c] = ["a", "b", "c"].map((genre) => genreRow(DATE, genre)) as [
      KpiRow,
      KpiRow,
      KpiRow,
    ];
    const counts = (put: number, deleted: number, unchanged: number) => ({
      put,
      deleted,
      unchanged,
    });
    expect(await publish(open, GENRE_KPIS, [a, b])).toEqual(counts(2, 0, 0));
    expect(await publish(open, GENRE_KPIS, [b, a])).toEqual(counts(0, 0, 2));
    const changed = { ...b, listen_count: 8n };
    expect(await publish(open, GENRE_KPIS, [changed, c])).toEqual(counts(2, 1, 0));
    expect(await read(open, GENRE_KPIS)).toEqual([changed, c]);
    expect(await publish(open, GENRE_KPIS, [{ ...changed }, c])).toEqual(counts(0, 0, 2));
    expect(await publish(open, GENRE_KPIS, [])).toEqual(counts(0, 2, 0));
    expect(await publish(open, GENRE_KPIS, [])).toEqual(counts(0, 0, 0));
    expect(await read(open, GENRE_KPIS)).toEqual([]);
  });

  storeTest("sees a difference in any one column", async ({ open }) => {
    const row = songRow(DATE, "samba", 1n);
    const others: KpiRow = {
      track_id: "another",
      track_name: null,
      artists: "",
      listen_count: 98n,
      rank: 2n,
      genre: "Samba",
    };
    for (const [column, value] of Object.entries(others)) {
      await publish(open, TOP_SONGS, [row]);
      const changed = { ...row, [column]: value };
      expect(await publish(open, TOP_SONGS, [changed])).toMatchObject({ put: 1, deleted: 0 });
    }
    await publish(open, TOP_SONGS, [{ ...row, artists: null }]);
    expect(await publish(open, TOP_SONGS, [row])).toMatchObject({ put: 1 });
    expect(await read(open, TOP_SONGS)).toEqual([row]);
  });

  storeTest("leaves other dates and other tables alone", async ({ open }) => {
    await publish(open, GENRE_KPIS, [genreRow(DATE, "a")]);
    await publish(open, GENRE_KPIS, [genreRow(OTHER_DATE, "b")], OTHER_DATE);
    await publish(open, TOP_SONGS, [songRow(DATE, "a", 1n)]);
    await publish(open, GENRE_KPIS, []);
    expect(await read(open, GENRE_KPIS)).toEqual([]);
    expect(await read(open, GENRE_KPIS, OTHER_DATE)).toEqual([genreRow(OTHER_DATE, "b")]);
    expect(await read(open, TOP_SONGS)).toEqual([songRow(DATE, "a", 1n)]);
  });

  storeTest("the dates are those that have items", async ({ open }) => {
    expect(await Array.fromAsync(open.store.dates(GENRE_KPIS))).toEqual([]);
    await publish(open, GENRE_KPIS, [genreRow(DATE, "a"), genreRow(DATE, "b")]);
    await publish(open, GENRE_KPIS, [genreRow(OTHER_DATE, "a")], OTHER_DATE);
    const dates = async () => (await Array.fromAsync(open.store.dates(GENRE_KPIS))).toSorted();
    expect(await dates()).toEqual([DATE, OTHER_DATE]);
    await publish(open, GENRE_KPIS, []);
    expect(await dates()).toEqual([OTHER_DATE]);
  });
}
