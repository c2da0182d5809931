import { expect } from "vitest";
import { DATE, publish, read, type KpiStoreTest } from "./store-test.ts";
import { GENRE_KPIS, genreRow, songRow, TOP_GENRES, TOP_SONGS, topGenreRow } from "./tables.ts";

export function describeRefusals(storeTest: KpiStoreTest, listLimit: number | undefined): void {
  storeTest("two rows with one key are refused, and nothing is written", async ({ open }) => {
    const kept = [topGenreRow(DATE, 1n)];
    await publish(open, TOP_GENRES, kept);
    const twice = [2n, 3n, 2n].map((rank) => topGenreRow(DATE, rank));
    await expect(publish(open, TOP_GENRES, twice)).rejects.toMatchObject({ code: "DUPLICATE_KEY" });
    expect(await read(open, TOP_GENRES)).toEqual(kept);
  });

  if (listLimit === undefined) return;
  const ranks = (count: number) => Array.from({ length: count }, (_, index) => BigInt(index + 1));

  storeTest(`a list of ${listLimit} changes is published whole`, async ({ open }) => {
    const rows = ranks(listLimit).map((rank) => topGenreRow(DATE, rank));
    expect(await publish(open, TOP_GENRES, rows)).toMatchObject({ put: listLimit });
    expect(await read(open, TOP_GENRES)).toEqual(rows);
    // What did not change does not count.
    const more = topGenreRow(DATE, BigInt(listLimit + 1));
    expect(await publish(open, TOP_GENRES, [...rows, more])).toMatchObject({ put: 1 });
  });

  storeTest(
    "one that cannot be is refused, and nothing of the date is written",
    async ({ open }) => {
      const small = songRow(DATE, "a", 1n);
      await publish(open, TOP_SONGS, [small]);
      const large = ranks(listLimit + 1).map((rank) => songRow(DATE, "b", rank));
      const rows = [{ ...small, listen_count: 3n }, ...large];
      await expect(publish(open, TOP_SONGS, rows)).rejects.toMatchObject({
        code: "LIST_TOO_LARGE",
      });
      expect(await read(open, TOP_SONGS)).toEqual([small]);
    },
  );
}

export function describeFence(storeTest: KpiStoreTest): void {
  storeTest("an older lease writes nothing", async ({ store, ledger }) => {
    const old = await ledger.acquire("old", 60);
    const kept = [genreRow(DATE, "a"), genreRow(DATE, "b")];
    await store.publish(GENRE_KPIS, DATE, kept, old);
    await ledger.release(old);
    const newest = await ledger.acquire("new", 60);
    const changes = [[genreRow(DATE, "c")], [], [genreRow(DATE, "a", { listen_count: 9n })]];
    for (const rows of changes) {
      await expect(store.publish(GENRE_KPIS, DATE, rows, old)).rejects.toMatchObject({
        code: "LEASE_LOST",
        isRetryable: true,
      });
    }
    expect(await store.read(GENRE_KPIS, DATE)).toEqual(kept);
    expect(await store.publish(GENRE_KPIS, DATE, [], newest)).toMatchObject({ deleted: 2 });
  });
}
