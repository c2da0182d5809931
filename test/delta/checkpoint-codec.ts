import { writeFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CheckpointCodec } from "../../packages/delta-log/src/index.ts";
import { Database } from "../../packages/kpi-engine/src/duckdb/database.ts";
import { literal } from "../../packages/kpi-engine/src/duckdb/quoting.ts";

/** Reads checkpoints by DuckDB, in a directory that exists. */
export function duckdbCodec(directory: string): CheckpointCodec {
  return {
    async *read(body) {
      const file = join(directory, "checkpoint.parquet");
      await writeFile(file, body);
      using db = await Database.open({ directory });
      // JSON's maps are objects, as they are in the log.
      const rows = await db.rows(
        "a checkpoint",
        `SELECT CAST(to_json(c) AS VARCHAR) AS action FROM read_parquet(${literal(file)}) AS c`,
      );
      await rm(file);
      for (const { action } of rows) yield JSON.parse(action as string) as unknown;
    },
  };
}
