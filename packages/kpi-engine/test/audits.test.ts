import { beforeAll, afterAll, expect, test } from "vitest";
import { buildPlan } from "@topline/kpi-engine";
import { type Bench, bench, csv } from "./drop.ts";

const DAY = "2024-06-25";
const plan = buildPlan();
let zone: Bench;

beforeAll(async () => {
  zone = await bench();
  const genres = ["a", "b", "c", "d", "e", "f"];
  const listens = genres.flatMap((genre, i) =>
    Array.from({ length: 6 - i }, (_, k) => `u${k},${genre}${k % 4},${DAY} 10:00:0${k}`),
  );
  await zone.take([
    {
      dataset: "songs",
      bytes: csv(
        "songs",
        ...genres.flatMap((g) => [0, 1, 2, 3].map((k) => `${g}${k},,,,100,${g}`)),
      ),
    },
    { dataset: "users", bytes: csv("users", "u0,,,,") },
    { dataset: "streams", bytes: csv("streams", ...listens) },
  ]);
});

afterAll(async () => zone[Symbol.asyncDispose]());

/** The plan with what one relation yields falsified. */
function corrupted(name: string, falsify: (sql: string) => string) {
  const relations = plan.relations.map((relation) =>
    relation.name === name ? { name, sql: falsify(relation.sql) } : relation,
  );
  return { ...plan, relations };
}

const replaced = (expression: string, column: string, where: string) => (sql: string) =>
  `SELECT * REPLACE (CASE WHEN ${where} THEN ${expression} ELSE ${column} END AS ${column}) FROM (${sql})`;

test("true figures violate no audit", async () => {
  const { violations, rows } = await zone.compute([DAY]);
  expect(violations).toEqual([]);
  expect(rows["TOP_GENRES"]?.map(({ genre }) => genre)).toEqual(["a", "b", "c", "d", "e"]);
});

test.each([
  ["listeners", "genre_kpis", replaced("CAST(7 AS BIGINT)", "unique_listeners", "genre = 'a'")],
  ["listeners", "genre_kpis", replaced("CAST(0 AS BIGINT)", "unique_listeners", "genre = 'a'")],
  [
    "totals",
    "genre_kpis",
    replaced("total_listening_time_ms + 1", "total_listening_time_ms", "genre = 'f'"),
  ],
  ["totals", "genre_kpis", replaced("listen_count + 1", "listen_count", "genre = 'f'")],
  ["totals", "genre_kpis", (sql: string) => `SELECT * FROM (${sql}) WHERE genre <> 'f'`],
  ["genre_sum", "genre_kpis", replaced("listen_count + 1", "listen_count", "genre = 'f'")],
  [
    "ranks",
    "top_songs",
    (sql: string) => `SELECT * FROM (${sql}) WHERE NOT (genre = 'a' AND rank = 2)`,
  ],
  [
    "ranks",
    "top_songs",
    (sql: string) => `SELECT * FROM (${sql}) WHERE NOT (genre = 'a' AND rank = 3)`,
  ],
  ["ranks", "top_songs", (sql: string) => `SELECT * FROM (${sql}) WHERE genre <> 'e'`],
  ["ranks", "top_songs", replaced("CAST(1 AS INT)", "rank", "genre = 'a' AND rank = 2")],
  ["ranks", "top_genres", (sql: string) => `SELECT * FROM (${sql}) WHERE rank <> 5`],
  ["ranks", "top_genres", replaced("CAST(6 AS INT)", "rank", "rank = 5")],
  ["top_genres", "top_genres", replaced("listen_count + 1", "listen_count", "genre = 'c'")],
  ["top_genres", "top_genres", replaced("unique_listeners - 1", "unique_listeners", "genre = 'c'")],
  [
    "top_genres",
    "top_genres",
    replaced("total_listening_time_ms - 1", "total_listening_time_ms", "genre = 'c'"),
  ],
  ["top_genres", "top_genres", (sql: string) => sql.replace("listen_count DESC", "listen_count")],
  [
    "top_genres",
    "top_genres",
    replaced("CASE rank WHEN 1 THEN CAST(2 AS INT) ELSE CAST(1 AS INT) END", "rank", "rank <= 2"),
  ],
  [
    "top_songs",
    "top_songs",
    replaced("listen_count + 100", "listen_count", "genre = 'b' AND rank = 1"),
  ],
  [
    "top_songs",
    "top_songs",
    replaced("listen_count - 1", "listen_count", "genre = 'b' AND rank = 1"),
  ],
  ["top_songs", "top_songs", (sql: string) => sql.replace("listen_count DESC", "listen_count")],
])("audit %s tells of a false %s (%#)", async (audit, relation, falsify) => {
  const { violations } = await zone.compute([DAY], corrupted(relation, falsify));
  const told = violations.filter((violation) => violation.audit === audit);
  expect(told.length).toBeGreaterThan(0);
  for (const { date, detail } of told) {
    expect(date).toBe(DAY);
    expect(detail).toMatch(/genre|track/);
  }
});
