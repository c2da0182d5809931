import type { TableSpec } from "@topline/core";

/** The KPI tables that Topline publishes by itself. */
export const TABLES: readonly TableSpec[] = [
  {
    name: "GENRE_KPIS",
    relation: "genre_kpis",
    columns: [
      { name: "date", type: "string" },
      { name: "genre", type: "string" },
      { name: "listen_count", type: "integer" },
      { name: "unique_listeners", type: "integer" },
      { name: "total_listening_time_ms", type: "integer" },
      { name: "avg_listening_time_per_user_ms", type: "double" },
    ],
    sortKey: "genre",
    list: ["genre"],
    indexes: [{ name: "genre-date", kind: "global", partitionKey: "genre", sortKey: "date" }],
    orderBy: ["genre"],
  },
  {
    name: "TOP_SONGS",
    relation: "top_songs",
    columns: [
      { name: "date", type: "string" },
      { name: "genre_rank", type: "string" },
      { name: "genre", type: "string" },
      { name: "rank", type: "integer" },
      { name: "track_id", type: "string" },
      { name: "track_name", type: "string" },
      { name: "artists", type: "string" },
      { name: "listen_count", type: "integer" },
    ],
    sortKey: "genre_rank",
    list: ["genre"],
    indexes: [],
    orderBy: ["genre", "rank"],
  },
  {
    name: "TOP_GENRES",
    relation: "top_genres",
    columns: [
      { name: "date", type: "string" },
      { name: "rank", type: "integer" },
      { name: "genre", type: "string" },
      { name: "listen_count", type: "integer" },
      { name: "unique_listeners", type: "integer" },
      { name: "total_listening_time_ms", type: "integer" },
    ],
    sortKey: "rank",
    list: [],
    indexes: [
      {
        name: "date-listen_count",
        kind: "local",
        partitionKey: "date",
        sortKey: "listen_count",
      },
    ],
    orderBy: ["rank"],
  },
];
