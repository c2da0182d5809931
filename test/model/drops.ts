import type { Drop } from "./model.ts";

/** Small files for tests of the model; the source id is the name unless it matters. */

export const drop = (name: string, content: string | Uint8Array, sourceId = name): Drop => ({
  key: `raw-data/${name}`,
  bytes: typeof content === "string" ? new TextEncoder().encode(content) : content,
  sourceId,
});

export const USERS_HEADER = "user_id,user_name,user_age,user_country,created_at";
export const SONGS_HEADER = "track_id,artists,album_name,track_name,duration_ms,track_genre";
export const STREAMS_HEADER = "user_id,track_id,listen_time";

export const users = (...rows: string[]) => drop("users.csv", [USERS_HEADER, ...rows].join("\n"));
export const songs = (...rows: string[]) => drop("songs.csv", [SONGS_HEADER, ...rows].join("\n"));
export const streams = (name: string, ...rows: string[]) =>
  drop(`streams/${name}.csv`, [STREAMS_HEADER, ...rows].join("\n"));
