/**
 * What arrives (datasets) and how it is kept (zone tables): names, columns, types.
 * What makes a value valid is not here: that is the contracts', in `@topline/validators`.
 */

/** In the order in which transform commits them: the catalogue before the listens that need it. */
export const DATASETS = ["songs", "users", "streams"] as const;
export type Dataset = (typeof DATASETS)[number];

export type ColumnType = "string" | "integer" | "long" | "timestamp";

export interface ZoneColumn {
  readonly name: string;
  /** `integer`: 32 bits; `long`: 64 bits; `timestamp`: UTC, microseconds. */
  readonly type: ColumnType;
  readonly nullable: boolean;
}

export interface ZoneTable {
  readonly name: Dataset;
  /** Columns of the data files. The partition column is not among them. */
  readonly columns: readonly ZoneColumn[];
  readonly partitionBy: readonly { readonly name: string; readonly type: "date" }[];
}

const required = (name: string, type: ColumnType = "string"): ZoneColumn => ({
  name,
  type,
  nullable: false,
});
const optional = (name: string, type: ColumnType = "string"): ZoneColumn => ({
  name,
  type,
  nullable: true,
});

/** The contract's columns, in contract order. */
export const DATASET_COLUMNS: Readonly<Record<Dataset, readonly ZoneColumn[]>> = {
  songs: [
    required("track_id"),
    optional("artists"),
    optional("album_name"),
    optional("track_name"),
    required("duration_ms", "integer"),
    required("track_genre"),
  ],
  users: [
    required("user_id"),
    optional("user_name"),
    optional("user_age", "integer"),
    optional("user_country"),
    optional("created_at"),
  ],
  streams: [required("user_id"), required("track_id"), required("listen_time", "timestamp")],
};

/** The three Delta tables of the zone. */
export const ZONE_TABLES: Readonly<Record<Dataset, ZoneTable>> = {
  songs: {
    name: "songs",
    columns: [...DATASET_COLUMNS.songs, required("source_id"), required("intake", "long")],
    partitionBy: [],
  },
  users: {
    name: "users",
    columns: [...DATASET_COLUMNS.users, required("source_id"), required("intake", "long")],
    partitionBy: [],
  },
  streams: {
    name: "streams",
    columns: [...DATASET_COLUMNS.streams, required("source_id")],
    partitionBy: [{ name: "date", type: "date" }],
  },
};
