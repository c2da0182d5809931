import { expect, test } from "vitest";
import {
  type DataFile,
  type KpiRow,
  type TableSpec,
  ToplineError,
  type Zone,
  zoneFolder,
} from "../../../packages/core/src/index.ts";
import {
  CONTRACT_TABLES,
  GENRE_KPIS,
  genreRow,
  songRow,
  TOP_GENRES,
  TOP_SONGS,
  topGenreRow,
} from "../../../packages/local-harness/src/contracts/kpi-store/tables.ts";
import { commit, file } from "../../../packages/local-harness/src/contracts/zone/requests.ts";
import { describeNeeding } from "../../../test/needs.ts";
import { both, type BucketOfBoth } from "./bridge/both.ts";

/** A fault reads the same, whichever engine a run had. */

const DATE = "2024-06-25";

/** Code and message of what a call fails with. */
const faultOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "none",
    (error: unknown) =>
      error instanceof ToplineError ? `${error.code}: ${error.message}` : String(error),
  );

const many = <T>(count: number, make: (at: bigint) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(BigInt(at)));

const REFUSED_ROWS: Readonly<Record<string, [TableSpec, readonly KpiRow[]]>> = {
  "a key twice": [TOP_SONGS, [songRow(DATE, "é", 1n), songRow(DATE, "é", 1n)]],
  "a number twice": [TOP_GENRES, [topGenreRow(DATE, 1n), topGenreRow(DATE, 1n)]],
  "a list of 100": [TOP_SONGS, many(100, (rank) => songRow(DATE, 'q"é', rank))],
  "a date of 100": [TOP_GENRES, many(100, (rank) => topGenreRow(DATE, rank))],
  "an empty key": [GENRE_KPIS, [genreRow(DATE, "")]],
  "no key": [GENRE_KPIS, [genreRow(DATE, "x", { genre: null })]],
  "a long key": [TOP_SONGS, [songRow(DATE, "é".repeat(600), 1n)]],
  "another date": [GENRE_KPIS, [genreRow("2024-06-26", "x")]],
  "no date": [GENRE_KPIS, [genreRow(DATE, "x", { date: null })]],
  "a foreign column": [GENRE_KPIS, [genreRow(DATE, "x", { other: 1n })]],
  "39 digits": [GENRE_KPIS, [genreRow(DATE, "x", { listen_count: 10n ** 38n })]],
  "an integer for a double": [
    GENRE_KPIS,
    [genreRow(DATE, "x", { avg_listening_time_per_user_ms: 5n })],
  ],
  "a number for text": [TOP_SONGS, [songRow(DATE, "x", 1n, { artists: 5n })]],
  "no number": [GENRE_KPIS, [genreRow(DATE, "x", { avg_listening_time_per_user_ms: Number.NaN })]],
  "a number too large": [
    GENRE_KPIS,
    [genreRow(DATE, "x", { avg_listening_time_per_user_ms: -1.5e300 })],
  ],
  "half a character": [TOP_SONGS, [songRow(DATE, "x", 1n, { artists: "\ud83c" })]],
  "an item too large": [TOP_SONGS, [songRow(DATE, "x", 1n, { artists: "x".repeat(400_000) })]],
};

const LOG = `${zoneFolder("streams")}_delta_log/`;
const entryKey = (version: number) => `${LOG}${String(version).padStart(20, "0")}.json`;

const TIME = 1_719_360_000_000;
const foreignAdd = (more: object) => ({
  add: {
    path: "a.parquet",
    partitionValues: { date: DATE },
    size: 1,
    modificationTime: TIME,
    dataChange: true,
    stats: '{"numRecords":1}',
    ...more,
  },
});
const protocol = (more: object) => ({
  protocol: { minReaderVersion: 1, minWriterVersion: 2, ...more },
});
const metaData = (more: object) => ({
  metaData: {
    format: { provider: "parquet" },
    schemaString: '{"type":"struct","fields":[]}',
    partitionColumns: ["date"],
    ...more,
  },
});

/** Entries after a first one by Topline, and what is asked of the log then. */
const ODD_LOGS: Readonly<Record<string, readonly (string | object)[]>> = {
  "no JSON": ["{"],
  "an entry that is missing": [],
  "a deletion vector": [foreignAdd({ deletionVector: {} })],
  "no statistics": [foreignAdd({ path: "b%20c.parquet", stats: null })],
  "a path elsewhere": [foreignAdd({ path: 's3://elsewhere/"é"' })],
  "another format": [metaData({ format: { provider: "orc" } })],
  "a newer reader": [protocol({ minReaderVersion: 2 })],
  "features of readers": [protocol({ minReaderVersion: 3, readerFeatures: ["x", "y"] })],
  "features of writers": [protocol({ minWriterVersion: 7, writerFeatures: ["x"] })],
  "columns that are missing": [metaData({})],
  "no schema": [metaData({ schemaString: "{" })],
  "a column of another type": [
    metaData({
      schemaString: JSON.stringify({
        type: "struct",
        fields: [{ name: "user_id", type: { type: "array" }, nullable: true, metadata: {} }],
      }),
    }),
  ],
  "a greater token": [{ txn: { appId: "topline", version: 99 } }],
};

async function putEntry({ store }: BucketOfBoth, version: number, lines: ReadonlyArray<unknown>) {
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
  await store.put(entryKey(version), new TextEncoder().encode(text.join("\n")));
}

const live = file("live");
const gone = file("gone");
const REFUSED_COMMITS: Readonly<Record<string, { add?: DataFile[]; remove?: DataFile[] }>> = {
  "removes what was never there": { remove: [file("other")] },
  "removes a file twice": { remove: [live, live] },
  "adds what is live": { add: [live] },
  "adds under the name of a file that is gone": { add: [gone] },
  "adds without a date": { add: [{ ...file("new"), partition: {} }] },
  "adds outside the folder": { add: [{ ...file("new"), path: "/é.parquet" }] },
};

describeNeeding(["python"], "a fault reads the same", ({ python }) => {
  const open = both(python);

  test.each(Object.entries(REFUSED_ROWS))("for rows with %s", async (_, [table, rows]) => {
    await using tables = await open().tables(CONTRACT_TABLES);
    const lease = await tables.typescript.ledger.acquire("test", 60);
    const mine = await faultOf(tables.typescript.kpis.publish(table, DATE, rows, lease));
    expect(mine).toMatch(/^(DUPLICATE_KEY|LIST_TOO_LARGE|RELATION_INVALID): /);
    expect(await faultOf(tables.python.kpis.publish(table, DATE, rows, lease))).toBe(mine);
  });

  test("for tables that are not there", async () => {
    await using tables = await open().tables([]);
    const { typescript, python: theirs } = tables;
    const lease = await typescript.ledger.acquire("test", 60);
    const mine = await faultOf(typescript.kpis.publish(GENRE_KPIS, DATE, [], lease));
    expect(mine).toMatch(/^STORE_REFUSED: Table \S+GENRE_KPIS does not exist/);
    expect(await faultOf(theirs.kpis.publish(GENRE_KPIS, DATE, [], lease))).toBe(mine);
  });

  test.each(Object.entries(ODD_LOGS))("for a log with %s", async (name, lines) => {
    await using bucket = await open().bucket();
    await commit(bucket.typescript(), "streams", { add: [file("first")], fence: 5n });
    if (name !== "an entry that is missing") await putEntry(bucket, 1, lines);
    else await putEntry(bucket, 2, [protocol({})]);
    const ask = (zone: Zone) => faultOf(commit(zone, "streams", { fence: 5n, add: [file("new")] }));
    const mine = await ask(bucket.typescript());
    expect(mine).toMatch(/^(STATE_CORRUPT|LEASE_LOST): /);
    expect(await ask(bucket.python())).toBe(mine);
  });

  test.each(Object.entries(REFUSED_COMMITS))("for a commit that %s", async (_, actions) => {
    await using bucket = await open().bucket();
    await commit(bucket.typescript(), "streams", { add: [live, gone] });
    await commit(bucket.typescript(), "streams", { remove: [gone] });
    const mine = await faultOf(commit(bucket.typescript(), "streams", actions));
    expect(mine).toMatch(/^INTERNAL: /);
    expect(await faultOf(commit(bucket.python(), "streams", actions))).toBe(mine);
  });

  test.each([-2, 2])("for version %d, which is not there", async (version) => {
    await using bucket = await open().bucket();
    const [mine, theirs] = [bucket.typescript(), bucket.python()];
    const ask = (zone: Zone) => faultOf(zone.snapshot("streams", version));
    expect(await ask(theirs)).toBe(await ask(mine));
    await commit(mine, "streams", {});
    expect(await ask(mine)).toMatch(/^VERSION_UNREADABLE: /);
    expect(await ask(theirs)).toBe(await ask(mine));
  });

  test("for a log that was cleaned up", async () => {
    await using bucket = await open().bucket();
    const [mine, theirs] = [bucket.typescript(), bucket.python()];
    for (const stem of ["a", "b", "c"]) await commit(mine, "streams", { add: [file(stem)] });
    await bucket.store.delete(entryKey(0));
    const ask = (zone: Zone) => faultOf(zone.snapshot("streams"));
    expect(await ask(mine)).toMatch(/^VERSION_UNREADABLE: .*begins at entry 1/);
    expect(await ask(theirs)).toBe(await ask(mine));
  });
});
