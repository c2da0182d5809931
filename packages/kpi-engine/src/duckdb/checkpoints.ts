import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Database } from "./database.ts";
import { structTypes } from "./checkpoint-types.ts";
import { literal } from "./quoting.ts";

export interface DuckDbCheckpointsOptions {
  /** Each file has a directory of its own in it while it is read or written. */
  readonly tempDirectory: string;
  /** Of DuckDB, as it writes it, such as `1GB`. Default: 80 % of the machine's memory. */
  readonly memoryLimit?: string;
}

/** One action of a Delta log: `{ add: { path: "…", … } }`. */
type Row = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Read at a time. */
const READ_BYTES = 1024 ** 2;

/** JSON of one action at most: a table's schema, or the statistics of a wide file. */
const MAX_ACTION_BYTES = 256 * 1024 ** 2;

/** Checkpoints of Delta logs as Parquet, by DuckDB in this process: the codec that `@topline/delta-log` takes. */
export function duckdbCheckpoints({ tempDirectory, memoryLimit }: DuckDbCheckpointsOptions) {
  const settings = { threads: 1, memoryLimit };
  const ownDirectory = async () => {
    await mkdir(tempDirectory, { recursive: true });
    const path = await mkdtemp(join(tempDirectory, "checkpoint-"));
    const remove = () => rm(path, { recursive: true, force: true, maxRetries: 3 });
    return { path, [Symbol.asyncDispose]: remove };
  };
  return {
    async *read(body: AsyncIterable<Uint8Array>): AsyncGenerator {
      await using directory = await ownDirectory();
      const file = join(directory.path, "checkpoint.parquet");
      await pipeline(body, createWriteStream(file));
      using db = await Database.open({ ...settings, directory: directory.path });
      // JSON's maps are objects, as they are in the log.
      const sql = `SELECT CAST(to_json(c) AS VARCHAR) AS action FROM read_parquet(${literal(file)}) AS c`;
      for await (const rows of db.stream("a checkpoint", sql))
        for (const { action } of rows) yield JSON.parse(action as string) as unknown;
    },

    async *write(rows: readonly Row[]): AsyncGenerator<Uint8Array> {
      await using directory = await ownDirectory();
      const json = join(directory.path, "actions.jsonl");
      const file = join(directory.path, "checkpoint.parquet");
      await writeFile(json, lines(rows));
      using db = await Database.open({ ...settings, directory: directory.path });
      const columns = [...structTypes(rows)].map(([name, type]) => `${name}: ${literal(type)}`);
      await db.run(
        "a checkpoint",
        `COPY (
           FROM read_json(${literal(json)}, format = 'newline_delimited', maximum_object_size = ${MAX_ACTION_BYTES}, columns = {${columns.join(", ")}})
         ) TO ${literal(file)} (FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION v1)`,
      );
      yield* createReadStream(file, { highWaterMark: READ_BYTES });
    },
  };
}

function* lines(rows: readonly Row[]): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(row)}\n`;
}
