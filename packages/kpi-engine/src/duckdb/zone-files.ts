import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type DataFile, type Dataset, ZONE_TABLES, zoneFolder } from "@topline/core";
import { identifier, literal } from "./quoting.ts";
import { duckTypes, type Workspace } from "./workspace.ts";

/** Parquet files of the zone on this machine: those that this session wrote, and those it fetched. */

/** Objects that are fetched at a time. */
const PARALLEL = 4;

/** `<date>/<8 digits>.parquet`: where the file of a partition lies tells its date. */
const NAME_LENGTH = 16;

/** In place of a date, and as long. Topline writes no listen without one; other writers can. */
const NO_DATE = "----------";

export class ZoneFilesHere {
  readonly #work: Workspace;
  readonly #paths = new Map<string, string>();
  #made = 0;

  constructor(work: Workspace) {
    this.#work = work;
  }

  /** Takes over a local file as the one that lies in the zone at `path`. */
  async adopt(table: Dataset, file: DataFile, local: string): Promise<void> {
    const path = await this.#newPath(table, file);
    await rename(local, path);
    this.#paths.set(`${table}/${file.path}`, path);
  }

  /** Local paths of `files`, fetched where need be. */
  async fetch(table: Dataset, files: readonly DataFile[]): Promise<FetchedFiles> {
    const fetched: string[] = [];
    const paths: string[] = [];
    for (let at = 0; at < files.length; at += PARALLEL) {
      const group = files.slice(at, at + PARALLEL).map(async (file) => {
        const here = this.#paths.get(`${table}/${file.path}`);
        if (here !== undefined) return here;
        const path = await this.#newPath(table, file);
        fetched.push(path);
        await this.#download(`${zoneFolder(table)}${file.path}`, path);
        return path;
      });
      await Promise.allSettled(group);
      paths.push(...(await Promise.all(group)));
    }
    const release = async () => {
      for (const path of fetched) await rm(path, { force: true });
    };
    return { paths, [Symbol.asyncDispose]: release };
  }

  /** Makes `<table>_rows` the rows of these files, with `date` as text where the table has it. */
  async expose(table: Dataset, paths: readonly string[]): Promise<void> {
    const { db } = this.#work;
    const sql = paths.length === 0 ? emptyRows(table) : rowsOf(table, paths);
    await db.run(
      `the rows of ${table}`,
      `CREATE OR REPLACE VIEW ${identifier(`${table}_rows`)} AS ${sql}`,
    );
  }

  async #newPath(table: Dataset, { partition }: DataFile): Promise<string> {
    const folder = join(this.#work.directory, "zone", table, partition["date"] ?? NO_DATE);
    await mkdir(folder, { recursive: true });
    return join(folder, `${String(this.#made++).padStart(8, "0")}.parquet`);
  }

  async #download(key: string, path: string): Promise<void> {
    const { store, signal } = this.#work;
    const object = await store.get(key, { signal });
    await pipeline(object.body, createWriteStream(path), { signal });
  }
}

export interface FetchedFiles extends AsyncDisposable {
  readonly paths: readonly string[];
}

const datedBy = (table: Dataset) => ZONE_TABLES[table].partitionBy.length > 0;

function rowsOf(table: Dataset, paths: readonly string[]): string {
  const columns = ZONE_TABLES[table].columns.map(({ name, type }) => {
    const column = identifier(name);
    // Quicker than a cast, which asks the time zone's calendar for every row; the zone is UTC.
    if (type === "timestamp") return `make_timestamp(epoch_us(${column})) AS ${column}`;
    return `CAST(${column} AS ${duckTypes[type]}) AS ${column}`;
  });
  if (datedBy(table)) columns.push(`${dateOf(paths)} AS "date"`);
  return `SELECT ${columns.join(", ")} FROM read_parquet([${paths.map(literal).join(", ")}], hive_partitioning = false)`;
}

/** A constant where there is but one: text that is cut out for every row is hashed and compared for every row, too. */
function dateOf(paths: readonly string[]): string {
  const [date = NO_DATE, ...others] = new Set(
    paths.map((path) => path.slice(-NAME_LENGTH - 11, -NAME_LENGTH - 1)),
  );
  if (others.length > 0) {
    return `nullif(left(right(filename, ${NAME_LENGTH + 11}), 10), ${literal(NO_DATE)})`;
  }
  return date === NO_DATE ? "CAST(NULL AS VARCHAR)" : literal(date);
}

export function emptyRows(table: Dataset): string {
  const columns = ZONE_TABLES[table].columns.map(
    ({ name, type }) => `CAST(NULL AS ${duckTypes[type]}) AS ${identifier(name)}`,
  );
  if (datedBy(table)) columns.push(`CAST(NULL AS VARCHAR) AS "date"`);
  return `SELECT ${columns.join(", ")} LIMIT 0`;
}
