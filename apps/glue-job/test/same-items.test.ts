import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { KpiRow, TableSpec } from "../../../packages/core/src/index.ts";
import {
  CONTRACT_TABLES,
  GENRE_KPIS,
  genreRow,
  songRow,
  TOP_GENRES,
  TOP_SONGS,
  topGenreRow,
} from "../../../packages/local-harness/src/contracts/kpi-store/tables.ts";
import { describeNeeding } from "../../../test/needs.ts";
import { both, type TablesOfBoth } from "./bridge/both.ts";

/** What one engine has published, the other finds to be what it would write: to the last digit. */

const DATE = "2024-06-25";

type Language = "typescript" | "python";

const double = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .filter((value) => value === 0 || (Math.abs(value) >= 1e-130 && Math.abs(value) < 1e126));
const integer = fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n });

/** Rows of twenty genres, with numbers of every size. */
const genreRows = fc
  .uniqueArray(
    fc.record({
      genre: fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
      listen_count: integer,
      total_listening_time_ms: integer,
      avg_listening_time_per_user_ms: double,
    }),
    { selector: ({ genre }) => genre, minLength: 20, maxLength: 20 },
  )
  .map((drawn) => drawn.map(({ genre, ...more }) => genreRow(DATE, genre, more)));

async function publish(
  tables: TablesOfBoth,
  by: Language,
  table: TableSpec,
  rows: readonly KpiRow[],
) {
  const { ledger, kpis } = tables[by];
  const lease = await ledger.acquire(by, 60);
  try {
    return await kpis.publish(table, DATE, rows, lease);
  } finally {
    await ledger.release(lease);
  }
}

describeNeeding(["python"], "the same items", ({ python }) => {
  const open = both(python);

  const itemsOf = async ({ prefix }: TablesOfBoth, { name, sortKey }: TableSpec) => {
    const items = await open().process.call<Record<string, unknown>[]>("items", {
      prefix,
      table: name,
    });
    const keyOf = (item: Record<string, unknown>) => JSON.stringify(item[sortKey]);
    return Object.fromEntries(items.map((item) => [keyOf(item), item]));
  };

  test("come of any numbers and any text, whoever publishes them", async () => {
    await using mine = await open().tables(CONTRACT_TABLES);
    await using theirs = await open().tables(CONTRACT_TABLES);
    await fc.assert(
      fc.asyncProperty(genreRows, async (rows) => {
        await publish(mine, "typescript", GENRE_KPIS, rows);
        await publish(theirs, "python", GENRE_KPIS, rows);
        expect(await itemsOf(theirs, GENRE_KPIS)).toEqual(await itemsOf(mine, GENRE_KPIS));
        const nothing = { put: 0, deleted: 0, unchanged: rows.length };
        expect(await publish(mine, "python", GENRE_KPIS, rows)).toEqual(nothing);
        expect(await publish(theirs, "typescript", GENRE_KPIS, rows)).toEqual(nothing);
      }),
      { numRuns: 15 },
    );
  });

  const songs = [
    songRow(DATE, "pop#1", 1n, { artists: null }),
    songRow(DATE, "pop", 1n, { track_name: null, artists: null }),
    songRow(DATE, "日本 😀", 3n, { track_name: "" }),
  ];
  const topGenres = [1n, 2n, 10n].map((rank) => topGenreRow(DATE, rank));

  test.each<[Language, string, Language, TableSpec, readonly KpiRow[]]>([
    ["typescript", "songs", "python", TOP_SONGS, songs],
    ["python", "songs", "typescript", TOP_SONGS, songs],
    ["typescript", "genres", "python", TOP_GENRES, topGenres],
    ["python", "genres", "typescript", TOP_GENRES, topGenres],
  ])("are %s's %s, and %s's", async (first, _, second, table, rows) => {
    await using tables = await open().tables(CONTRACT_TABLES);
    expect(await publish(tables, first, table, rows)).toMatchObject({ put: 3 });
    const before = await itemsOf(tables, table);
    expect(await publish(tables, second, table, rows)).toEqual({
      put: 0,
      deleted: 0,
      unchanged: 3,
    });
    expect(await itemsOf(tables, table)).toEqual(before);
    const shorter = await publish(tables, second, table, rows.slice(1));
    expect(shorter).toEqual({ put: 0, deleted: 1, unchanged: 2 });
  });

  test("spell doubles alike", async () => {
    const doubles = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 1_000,
      maxLength: 1_000,
    });
    await fc.assert(
      fc.asyncProperty(doubles, async (values) => {
        const texts = values.map(String);
        expect(await open().process.call("doubles", { values: texts })).toEqual(texts);
      }),
      { numRuns: 10 },
    );
  });
});
