import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { TABLES } from "@topline/kpi-engine";
import { literal } from "../sql.ts";

/** The script by hand, over listens from wherever they come. */

export interface ScriptInput {
  /** Path of the catalogue. */
  readonly songs: string;
  /** What the view `streams` reads: `user_id`, `track_id`, `listen_time`. */
  readonly streams: string;
}

/** Reads files of listens, each field with its type. */
export const typedStreams = (paths: readonly string[]): string =>
  `read_csv(
     [${paths.map(literal).join(", ")}],
     header = true,
     columns = {'user_id': 'VARCHAR', 'track_id': 'VARCHAR', 'listen_time': 'TIMESTAMP'}
   )`;

/** Leaves the three tables as Parquet files in `folder`, each named for its relation. */
export async function computeByHand(
  db: DuckDBConnection,
  { songs, streams }: ScriptInput,
  folder: string,
): Promise<void> {
  await db.run(`SET VARIABLE songs = ${literal(songs)}`);
  await db.run(`CREATE VIEW streams AS FROM ${streams}`);
  await db.run(await readFile(new URL("./by-hand.sql", import.meta.url), "utf8"));
  for (const { relation } of TABLES) {
    const file = literal(join(folder, `${relation}.parquet`));
    await db.run(`COPY ${relation} TO ${file} (FORMAT parquet)`);
  }
}
