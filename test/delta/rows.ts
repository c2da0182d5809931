import { type Dataset, silentLogger, ZONE_TABLES } from "../../packages/core/src/index.ts";
import { identifier } from "../../packages/kpi-engine/src/duckdb/quoting.ts";
import { openWorkspace } from "../../packages/kpi-engine/src/duckdb/workspace.ts";
import { ZoneFilesHere } from "../../packages/kpi-engine/src/duckdb/zone-files.ts";
import type { Deployment } from "../deployment.ts";

/**
 * A row as every reader is made to tell it: the table's columns in their order, the partition's last, numbers as
 * decimal text, instants as microseconds since 1970, dates as `YYYY-MM-DD`.
 */
export type Cells = readonly (string | null)[];

/** Rows by version, in no order: a bag. */
export type Versions = Readonly<Record<string, readonly Cells[]>>;

/** A bag of rows as something that `toEqual` compares, and tells the difference of. */
export const bag = (rows: readonly Cells[]): string[] =>
  rows.map((cells) => JSON.stringify(cells)).sort();

export const bags = (versions: Versions): Record<string, string[]> =>
  Object.fromEntries(Object.entries(versions).map(([version, rows]) => [version, bag(rows)]));

/** A table's versions, every one unless told which, as Topline's log and engine read them. */
export async function readVersions(
  { context, directory }: Deployment,
  table: Dataset,
  ...only: readonly number[]
): Promise<Versions> {
  const { zone } = context;
  const { version: newest } = await zone.snapshot(table);
  const every = Array.from({ length: newest + 1 }, (_, version) => version);
  await using work = await openWorkspace({
    ...context,
    tempDirectory: directory,
    logger: silentLogger,
    signal: new AbortController().signal,
  });
  const here = new ZoneFilesHere(work);
  const versions: Record<string, Cells[]> = {};
  for (const version of only.length > 0 ? only : every) {
    const { files } = await zone.snapshot(table, version);
    await using fetched = await here.fetch(table, files);
    await here.expose(table, fetched.paths);
    const rows = await work.db.rows(
      `version ${version} of ${table}`,
      `SELECT ${cellsOf(table).join(", ")} FROM ${identifier(`${table}_rows`)}`,
    );
    versions[version] = rows.map((row) => Object.values(row) as Cells);
  }
  return versions;
}

function cellsOf(table: Dataset): string[] {
  const { columns, partitionBy } = ZONE_TABLES[table];
  const cells = columns.map(({ name, type }) => {
    const column = identifier(name);
    const value = type === "timestamp" ? `epoch_us(${column})` : column;
    return `CAST(${value} AS VARCHAR) AS ${column}`;
  });
  return [...cells, ...partitionBy.map(({ name }) => identifier(name))];
}
