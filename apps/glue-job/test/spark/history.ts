import { Buffer } from "node:buffer";
import type { CustomKpi } from "../../../../packages/kpi-engine/src/index.ts";
import type { Drop } from "../../../../packages/kpi-engine/test/drop.ts";
import { csv } from "../../../../packages/kpi-engine/test/drop.ts";

/** A small history of a zone: what arrives, intake after intake, with all that figures can depend on. */
export type Intake = readonly Drop[];

/** Reads users, and yields a double that is no short decimal. */
export const COUNTRY_KPIS: CustomKpi = {
  sql: `
    SELECT l.date, u.user_country AS country, COUNT(*) AS listens,
      CAST(COUNT(DISTINCT l.track_id) AS DOUBLE) / CAST(COUNT(*) AS DOUBLE) AS variety,
      MAX(u.user_name) AS last_name
    FROM listens AS l JOIN users AS u ON u.user_id = l.user_id
    WHERE u.user_country IS NOT NULL
    GROUP BY l.date, u.user_country`,
  table: {
    name: "COUNTRY_KPIS",
    relation: "country_kpis",
    columns: [
      { name: "date", type: "string" },
      { name: "country", type: "string" },
      { name: "listens", type: "integer" },
      { name: "variety", type: "double" },
      { name: "last_name", type: "string" },
    ],
    sortKey: "country",
    list: [],
    indexes: [],
    orderBy: ["last_name", "country"],
  },
};

/** By code points U+FF61 comes before U+1F3B5, by UTF-16 units behind it. */
const GENRES = ["pop", "r&b", "a#b", "ｶ", "🎵", "é", "e\u0301", "Pop", "k-pop", "hip hop"];
const TEXTS = ["", "A", '"q"', "two\nlines", "Ü", "🎵", "ｶ", " "];
const DAYS = ["1970-01-01", "2024-02-29", "2024-06-25", "2024-06-26", "9999-12-31"];
const MS = [0, 1, 61_000, 215_733, 86_400_000];

/** The same numbers at every run. */
function chance(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return <T>(all: readonly T[]): T => all[Math.floor(next() * all.length)] as T;
}

const many = <T>(count: number, make: (i: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i));
const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const record = (...fields: (string | number)[]) =>
  fields.map((field) => quoted(String(field))).join();
const digits = (all: number) => many(all, (i) => String(i).padStart(2, "0"));

export function intakes(): Intake[] {
  const one = chance(20_240_625);
  const tracks = many(40, (i) => `t${i}${i % 7 === 0 ? "🎵" : ""}`);
  const users = many(30, (i) => `u${i}`);
  const song = (track: string) =>
    record(track, one(TEXTS), one(TEXTS), one(TEXTS), one(MS), one(GENRES));
  const user = (id: string) =>
    record(
      id,
      one(TEXTS),
      one(["", 0, 30, 150]),
      one(["", "DE", "ｶ", "🎵"]),
      one(["", "2020-02-29"]),
    );
  const time = () =>
    `${one(DAYS)}${one([" ", "T"])}${one(digits(24))}:${one(digits(60))}:${one(["00", "59", "30.5", "00.000001Z"])}`;
  const listen = () => record(one([...users, "nobody"]), one([...tracks, "unknown"]), time());
  const delivered = many(300, listen);
  const rare = [record("u1", "rare", "2024-06-25 10:00:00")];
  const file = (dataset: Drop["dataset"], records: string[]): Drop => ({
    dataset,
    bytes: Buffer.from(csv(dataset, ...records)),
  });
  const someUsers = users.slice(3, 6).map(user);
  return [
    [
      file("songs", [...tracks.flatMap((track) => [song(track), song(track)]), "bad", song("t1")]),
      file("songs", tracks.slice(0, 9).map(song)),
      file("users", [...users.map(user), user("u1"), user("u1")]),
      file("streams", [...delivered, ...delivered.slice(0, 40), ...rare, "bad,,"]),
      file("streams", [...delivered.slice(100, 200), ...many(50, listen)]),
    ],
    [
      file("songs", [...tracks.slice(20, 25).map(song), song("unknown"), song("unheard")]),
      file("users", someUsers),
      file("streams", [...delivered.slice(280), ...many(30, listen)]),
    ],
    // One day alone is touched: a user comes again as before, and one track changes.
    [file("users", someUsers), file("songs", [record("rare", "", "", "", 1, "pop")])],
  ];
}
