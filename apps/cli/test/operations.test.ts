import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { emptyModel, type Model } from "../../../test/model/model.ts";
import { openBucket } from "./bucket.ts";
import { directoryOf, dropsOf, type Files, expectedTables, tablesOf } from "./inbox.ts";
import { newState, type TestState } from "./topline.ts";

/** Operations beside runs, from the command line. */

const FIRST: Files = {
  "users.csv": "user_id,user_name,user_age,user_country,created_at\nu1,Ana,31,BR,\nu2,Bo,40,DK,\n",
  "songs.csv":
    "track_id,artists,album_name,track_name,duration_ms,track_genre\nt1,A,,One,1000,pop\nt2,B,,Two,500,rock\n",
  "streams/a.csv":
    "user_id,track_id,listen_time\nu1,t1,2024-06-25 10:00:00\nu2,t1,2024-06-25 11:00:00\nu2,t2,2024-06-26 09:00:00\nu1,t2,nonsense\n",
};
const DATES = ["2024-06-25", "2024-06-26"];

const SECOND: Files = {
  "streams/b.csv":
    "user_id,track_id,listen_time\nu1,t1,2024-06-25 10:00:00\nu2,t2,2024-06-27 10:00:00\n",
};

interface Report {
  readonly operation: string;
  readonly dates: readonly { date: string }[];
  readonly tables: readonly { table: string; put: number; deleted: number; unchanged: number }[];
}

async function ran(...drops: readonly Files[]) {
  const state = await newState();
  for (const files of drops) {
    const { code, stderr } = await state.topline("run", "--data", await directoryOf(state, files));
    if (code !== 0) throw new Error(stderr);
  }
  return state;
}

const totals = ({ tables }: Report) =>
  tables.map(({ put, deleted, unchanged }) => [put, deleted, unchanged]);

/** Of all three tables, at the price of one command. */
async function countsOf(state: TestState): Promise<string[]> {
  const selects = ["GENRE_KPIS", "TOP_SONGS", "TOP_GENRES"].map(
    (table) => `SELECT '${table}' AS "table", "date", "genre", "listen_count" FROM "${table}"`,
  );
  const outcome = await state.topline("sql", selects.join(" UNION ALL "), "--json");
  const rows = outcome.json<Record<string, unknown>[]>();
  return rows.map((row) => Object.values(row).join(" ")).sort();
}

interface Counted {
  readonly date: string;
  readonly genre: string;
  readonly listen_count: bigint;
}

const expectedCounts = (model: Model): string[] =>
  Object.entries(model.tables())
    .flatMap(([table, rows]: readonly [string, readonly Counted[]]) =>
      rows.map(({ date, genre, listen_count }) => `${table} ${date} ${genre} ${listen_count}`),
    )
    .sort();

describe("rebuild", () => {
  test("computes what it is asked for, and writes nothing where the tables are right", async () => {
    await using state = await ran(FIRST);
    await using _harness = await openBucket(state);
    const all = await state.topline("rebuild", "--all", "--json");
    expect([all.code, all.stderr]).toEqual([0, ""]);
    const report = all.json<Report>();
    expect(report).toMatchObject({ operation: "rebuild", changes: [], warnings: [] });
    expect(report.dates.map(({ date }) => date)).toEqual(DATES);
    expect(totals(report)).toEqual([
      [0, 0, 2],
      [0, 0, 2],
      [0, 0, 2],
    ]);
    const one = await state.topline("rebuild", "--date", "2024-06-26");
    expect(one.code).toBe(0);
    expect(one.stdout).toMatch(/^rebuild: done \(/);
    expect(one.stdout).toMatch(/^2024-06-26 +1 +0 +0 +0$/m);
    const range = ["--from", "2024-06-01", "--to", "2024-06-25", "--json"];
    const some = (await state.topline("rebuild", ...range)).json<Report>();
    expect(some.dates).toMatchObject([{ date: "2024-06-25", listens: 2 }]);
    const model = emptyModel();
    model.run({ intake: 1n, files: dropsOf(FIRST) });
    expect(await tablesOf(state, DATES)).toEqual(expectedTables(model));
  });

  test("is refused while a run is open, and told how to go on", async () => {
    await using state = await ran(FIRST);
    await using bucket = await openBucket(state);
    await bucket.put("raw-data/streams/b.csv", FIRST["streams/a.csv"] as string);
    expect((await state.topline("step", "validate", "--run-id", "r2")).code).toBe(0);
    const refused = await state.topline("rebuild", "--all", "--json");
    expect([refused.code, refused.json()]).toMatchObject([
      1,
      { error: { code: "RUN_OPEN", is_retryable: true } },
    ]);
    expect(refused.stdout).toContain("topline abandon r2");
    expect((await state.topline("run")).code).toBe(0);
    expect((await state.topline("rebuild", "--all")).code).toBe(0);
  });
});

describe("retract", () => {
  test("leaves the figures of the other files alone", async () => {
    await using state = await ran({ ...FIRST, ...SECOND });
    await using _harness = await openBucket(state);
    const source = "raw-data/streams/b.csv";
    const outcome = await state.topline("retract", "--source", source, "--json");
    expect([outcome.code, outcome.stderr]).toEqual([0, ""]);
    expect(outcome.json()).toMatchObject({
      operation: "retract",
      source: { key: source, dataset: "streams" },
      rows: 2,
      changes: [{ table: "streams" }],
      dates: [{ date: "2024-06-25" }, { date: "2024-06-27", listens: 0 }],
    });
    const model = emptyModel();
    model.run({ intake: 1n, files: dropsOf(FIRST) });
    expect(await countsOf(state)).toEqual(expectedCounts(model));
    const again = await state.topline("retract", "--source", source);
    expect([again.code, again.stderr]).toEqual([0, ""]);
    expect(again.stdout).toMatch(/^retract: done \(/);
    expect(again.stdout).toContain("0 rows left the zone; the raw file is still archive/");
  });
});

describe("replay", () => {
  test("shows what the archived files say today, and leaves one that is refused as it is", async () => {
    await using state = await ran({ ...FIRST, ...SECOND });
    await using bucket = await openBucket(state);
    const archived = await bucket.keys("archive/");
    const key = archived.find((one) => one.endsWith("/songs.csv")) ?? "";
    const { metadata } = (await bucket.store.head(key))!;
    const songs = FIRST["songs.csv"]!.toString().replace("rock", "blues");
    await bucket.store.put(key, new TextEncoder().encode(songs), { metadata });
    const config = await directoryOf(state, {
      "topline.config.ts": "export default { maxQuarantineRatio: 0.2 };\n",
    });
    const strict = ["--config", `${config}/topline.config.ts`];

    const outcome = await state.topline("replay", "--all", "--json", ...strict);
    expect(outcome.code).toBe(0);
    const { sources, warnings } = outcome.json<{
      sources: { key: string; left: string | null }[];
      warnings: string[];
    }>();
    const left = sources.filter((source) => source.left !== null);
    expect(sources).toHaveLength(4);
    expect(left).toMatchObject([{ key: "raw-data/streams/a.csv", left: "TOO_MANY_BAD_ROWS" }]);
    expect(warnings).toEqual([expect.stringMatching(/^TOO_MANY_BAD_ROWS: raw-data\/streams\/a/)]);
    const model = emptyModel();
    model.run({ intake: 1n, files: dropsOf({ ...FIRST, ...SECOND, "songs.csv": songs }) });
    expect(await countsOf(state)).toEqual(expectedCounts(model));

    const one = await state.topline("replay", "--source", "raw-data/streams/a.csv");
    expect([one.code, one.stderr]).toEqual([0, ""]);
    expect(one.stdout).toMatch(/^raw-data\/streams\/a.csv +4 +3 +invalid:listen_time × 1$/m);
  });
});

describe("maintain", () => {
  test("leaves one file of a date and nothing that no version needs, and every figure", async () => {
    await using state = await ran(FIRST, SECOND);
    await using bucket = await openBucket(state);
    await bucket.put("runs/dead/input/0123456789abcdef.csv", "left");
    const outcome = await state.topline("maintain", "--retention", "0", "--json");
    expect([outcome.code, outcome.stderr]).toEqual([0, ""]);
    expect(outcome.json()).toMatchObject({
      operation: "maintain",
      changes: [{ table: "streams", operation: "compact", files_removed: 2, files_added: 1 }],
      dates: [],
      vacuumed: [{ table: "streams", files: 2 }],
      leftovers: [{ run_id: "dead", objects: 1 }],
    });
    const model = emptyModel();
    model.run({ intake: 1n, files: dropsOf({ ...FIRST, ...SECOND }) });
    expect(await countsOf(state)).toEqual(expectedCounts(model));
    const again = await state.topline("maintain");
    expect([again.code, again.stderr]).toEqual([0, ""]);
    expect(again.stdout).toMatch(/^maintain: done \(/);
    expect(again.stdout).toMatch(/^Removed \(versions since .*\)\nnothing$/m);
  });
});

describe("erase", () => {
  test("leaves the figures of everybody else, and tells where the user may be still", async () => {
    await using state = await ran({
      ...FIRST,
      "streams/b.csv.gz": gzipSync(SECOND["streams/b.csv"]!),
    });
    await using bucket = await openBucket(state);
    await bucket.put("raw-data/notes.txt", "u1");
    const outcome = await state.topline("erase", "--user", "u1", "--json");
    expect([outcome.code, outcome.stderr]).toEqual([0, ""]);
    const report = outcome.json<{ archive: { key: string; records: number }[] }>();
    expect(report).toMatchObject({
      operation: "erase",
      user_id: "u1",
      rows: { users: 1, streams: 2 },
      quarantine: [{ records: 1 }],
      vacuumed: [{ table: "users" }, { table: "streams" }],
      remains: [{ place: "inbox", objects: 1 }, { place: "rejected", objects: 0 }, {}, {}],
    });
    const records = report.archive.map((file) => `${file.key.split("/").at(-1)} ${file.records}`);
    expect(records).toEqual(["a.csv 2", "b.csv.gz 1", "users.csv 1"]);

    // What the archive holds now is all that is left to say what the figures must be.
    const left = await Promise.all(
      (await bucket.keys("archive/")).map(async (key) => {
        const name = key.slice("archive/raw-data/2024-06-25/".length);
        const body = (await bucket.store.get(key)).body;
        return [name, Buffer.concat(await Array.fromAsync(body))] as const;
      }),
    );
    const model = emptyModel();
    model.run({ intake: 1n, files: dropsOf(Object.fromEntries(left)) });
    expect(model.figures().reduce((sum, { listens }) => sum + listens, 0n)).toBe(3n);
    expect(await countsOf(state)).toEqual(expectedCounts(model));
    const again = await state.topline("erase", "--user", "u1");
    expect([again.code, again.stderr]).toEqual([0, ""]);
    expect(again.stdout).toContain("from the zone: 0 rows of users, 0 of streams");
    expect(again.stdout).toContain("raw-data/, which no run has taken in yet: 1 objects");
  });
});
