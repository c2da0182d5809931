import { expect, test } from "vitest";
import { emptyModel } from "../../../test/model/model.ts";
import { openBucket } from "./bucket.ts";
import { directoryOf, dropsOf, expectedTables, type Files, tablesOf } from "./inbox.ts";
import { newState } from "./topline.ts";

/** Each is a user, a track with its title and artists, and a genre. */
const NAMES = [
  `it's`,
  `"quoted"`,
  `'"; --`,
  "#",
  "a#1",
  "##",
  ",",
  "back\\slash",
  "100%",
  "_%",
  "$1",
  "${HOME}",
  "$(id)",
  "`id`",
  "😀🎸",
  "👩‍👩‍👧",
  "e\u0301 is not é",
  "\u202eright to left\u202c",
  "שלום",
  "\ufeffmark",
  "no\u00a0break",
  "line\u2028separator",
  "\u{10ffff}",
  "\ufffd",
  '\'; DROP TABLE "GENRE_KPIS"; --',
  "' OR '1'='1",
  "INSERT INTO \"GENRE_KPIS\" value {'date': '2024-06-25'}",
  "</script><script>alert(1)</script>",
  "=1+1",
  "@SUM(A1)",
  "../../etc/passwd",
  "%00",
  "\\u0000",
  "--help",
  "-1",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "null",
  "NULL",
  "undefined",
  "NaN",
  "Infinity",
  "true",
  "FALSE",
  "0",
  "007",
  "1e9",
  "1.0",
  "9007199254740993",
  "2024-06-25",
  "date",
  "{}",
  "[]",
  '{"S": "x"}',
  "x".repeat(255),
];

const DATE = "2024-06-25";
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const row = (...fields: readonly string[]) => `${fields.map(quoted).join(",")}\n`;

const FILES: Files = {
  "users.csv": `user_id,user_name,user_age,user_country,created_at\n${NAMES.map((name) => row(name, name, "", name, "")).join("")}`,
  "songs.csv": `track_id,artists,album_name,track_name,duration_ms,track_genre\n${NAMES.map((name) => row(name, name, name, name, "1000", name)).join("")}`,
  "streams/names.csv": `user_id,track_id,listen_time\n${NAMES.map((name) => row(name, name, `${DATE} 10:00:00`)).join("")}`,
};

const songOf = (name: string) => ({
  date: DATE,
  genre_rank: `${name}#1`,
  genre: name,
  rank: 1,
  track_id: name,
  track_name: name,
  artists: name,
  listen_count: 1,
});

const codePoints = (text: string) => Array.from(text, () => 1).length;

/** DuckDB's client drops a mark at the head of a text that it hands over: `sql` finds it, and shows it without. */
const shown = (text: string) => text.replace(/^\ufeff/, "");
const asShown = (row: ReturnType<typeof songOf>) => ({
  ...row,
  genre_rank: shown(row.genre_rank),
  genre: shown(row.genre),
  track_id: shown(row.track_id),
  track_name: shown(row.track_name),
  artists: shown(row.artists),
});

test("names of every kind come unharmed from files to tables, query and sql", async () => {
  await using state = await newState();
  await using _ = await openBucket(state);
  const model = emptyModel();
  model.run({ intake: 1n, files: dropsOf(FILES) });

  const run = await state.topline("run", "--data", await directoryOf(state, FILES), "--json");
  expect(run.code, run.stderr).toBe(0);
  const { sources, dates } = run.json<{ sources: { accepted: number }[]; dates: unknown[] }>();
  const all = NAMES.length;
  expect(sources.map(({ accepted }) => accepted)).toEqual([all, all, all]);
  expect(dates).toEqual([
    { date: DATE, listens: NAMES.length, duplicates: 0, unknown_tracks: 0, unknown_users: 0 },
  ]);
  const tables = await tablesOf(state, [DATE]);
  expect(tables).toEqual(expectedTables(model));
  expect(new Set(tables["GENRE_KPIS"]?.map(({ genre }) => genre))).toEqual(new Set(NAMES));

  const literals = NAMES.map((name) => `'${name.replaceAll("'", "''")}'`).join(", ");
  const asked = await state.topline(
    "sql",
    `SELECT *, length(genre) AS characters FROM TOP_SONGS WHERE genre IN (${literals}) ORDER BY genre`,
    "--json",
  );
  expect(asked.code, asked.stderr).toBe(0);
  const rows = asked.json<{ genre: string }[]>();
  expect(new Map(rows.map((found) => [found.genre, found]))).toEqual(
    new Map(
      NAMES.map((name) => [
        shown(name),
        { ...asShown(songOf(name)), characters: codePoints(name) },
      ]),
    ),
  );

  for (const name of ["a#1", "__proto__", "--help", "' OR '1'='1", "e\u0301 is not é"]) {
    const where = [`--date=${DATE}`, `--genre=${name}`];
    const found = await state.topline("query", "top-songs", ...where, "--json");
    expect(found.code, found.stderr).toBe(0);
    expect(found.json()).toEqual([songOf(name)]);
  }
});
