import { type KpiRow, type TableSpec, tableSpecSchema } from "@topline/core";

/** Three tables as the contract suites use them: one of each kind of list, key and index. */

const text = (name: string) => ({ name, type: "string" as const });
const count = (name: string) => ({ name, type: "integer" as const });

/** Every item is a list of its own. */
export const GENRE_KPIS: TableSpec = tableSpecSchema.parse({
  name: "GENRE_KPIS",
  relation: "genre_kpis",
  columns: [
    text("date"),
    text("genre"),
    count("listen_count"),
    count("unique_listeners"),
    count("total_listening_time_ms"),
    { name: "avg_listening_time_per_user_ms", type: "double" },
  ],
  sortKey: "genre",
  list: ["genre"],
  indexes: [{ name: "genre-date", kind: "global", partitionKey: "genre", sortKey: "date" }],
  orderBy: ["genre"],
});

/** A list a genre. */
export const TOP_SONGS: TableSpec = tableSpecSchema.parse({
  name: "TOP_SONGS",
  relation: "top_songs",
  columns: [
    text("date"),
    text("genre_rank"),
    text("genre"),
    count("rank"),
    text("track_id"),
    text("track_name"),
    text("artists"),
    count("listen_count"),
  ],
  sortKey: "genre_rank",
  list: ["genre"],
  orderBy: ["genre", "rank"],
});

/** The whole date is one list; the sort key is a number. */
export const TOP_GENRES: TableSpec = tableSpecSchema.parse({
  name: "TOP_GENRES",
  relation: "top_genres",
  columns: [
    text("date"),
    count("rank"),
    text("genre"),
    count("listen_count"),
    count("unique_listeners"),
    count("total_listening_time_ms"),
  ],
  sortKey: "rank",
  list: [],
  indexes: [
    { name: "date-listen_count", kind: "local", partitionKey: "date", sortKey: "listen_count" },
  ],
  orderBy: ["rank"],
});

export const CONTRACT_TABLES: readonly TableSpec[] = [GENRE_KPIS, TOP_SONGS, TOP_GENRES];

export const genreRow = (date: string, genre: string, more: KpiRow = {}): KpiRow => ({
  date,
  genre,
  listen_count: 7n,
  unique_listeners: 2n,
  total_listening_time_ms: 1_400_000n,
  avg_listening_time_per_user_ms: 700_000,
  ...more,
});

export const songRow = (date: string, genre: string, rank: bigint, more: KpiRow = {}): KpiRow => ({
  date,
  genre_rank: `${genre}#${rank}`,
  genre,
  rank,
  track_id: `track-${rank}`,
  track_name: "A Song",
  artists: "An Artist",
  listen_count: 100n - rank,
  ...more,
});

export const topGenreRow = (date: string, rank: bigint, more: KpiRow = {}): KpiRow => ({
  date,
  rank,
  genre: `genre ${rank}`,
  listen_count: 1_000n - rank,
  unique_listeners: 5n,
  total_listening_time_ms: 9_000n,
  ...more,
});
