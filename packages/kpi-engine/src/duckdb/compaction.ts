import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type DataFile, type Dataset, ZONE_TABLES, type ZoneActions } from "@topline/core";
import { useThreadsFor } from "./compute.ts";
import { copyPartition, readParquet, upload } from "./parquet.ts";
import { identifier } from "./quoting.ts";
import { duckTypes, type Workspace } from "./workspace.ts";
import type { ZoneFilesHere } from "./zone-files.ts";

/**
 * Writes the rows of many files as one, partition by partition: of a table's files no more than one partition's are
 * here at a time. Files without a date, and those with columns that Topline does not know, are other writers'.
 */
export async function compacted(
  work: Workspace,
  here: ZoneFilesHere,
  table: Dataset,
  files: readonly DataFile[],
  stem: string,
): Promise<Pick<ZoneActions, "add" | "remove">> {
  const remove: DataFile[] = [];
  const add: DataFile[] = [];
  const folder = join(work.directory, `compact-${table}-${stem}`);
  await mkdir(folder);
  for (const [date, ofPartition] of partitionsOf(table, files)) {
    if (ofPartition.length < 2) continue;
    const count = ofPartition.reduce((sum, { records }) => sum + records, 0n);
    await useThreadsFor(work, { rows: count });
    await using fetched = await here.fetch(table, ofPartition);
    const foreign = await withForeignColumns(work, table, fetched.paths);
    const paths = fetched.paths.filter((path) => !foreign.has(path));
    if (paths.length < 2) continue;
    const path = join(folder, `${date ?? "all"}.parquet`);
    const written = await copyPartition(work, table, rowsOf(table, paths), { path, date });
    add.push(...(await upload(work, here, table, written, stem)));
    remove.push(...ofPartition.filter((_, at) => !foreign.has(fetched.paths[at] ?? "")));
  }
  await rm(folder, { recursive: true, force: true });
  return { remove, add };
}

function partitionsOf(
  table: Dataset,
  files: readonly DataFile[],
): Iterable<readonly [date: string | undefined, files: readonly DataFile[]]> {
  if (ZONE_TABLES[table].partitionBy.length === 0) return [[undefined, files]];
  const dated = files.filter(({ partition }) => typeof partition["date"] === "string");
  return Map.groupBy(dated, ({ partition }) => partition["date"] ?? undefined);
}

/** One row per listen and source; of rows that differ in their intake alone, the one of the greatest. */
function rowsOf(table: Dataset, paths: readonly string[]): string {
  const names: string[] = [];
  const keys: string[] = [];
  for (const { name, type } of ZONE_TABLES[table].columns) {
    const column = identifier(name);
    const value =
      type === "timestamp"
        ? `make_timestamptz(epoch_us(${column}))`
        : `CAST(${column} AS ${duckTypes[type]})`;
    names.push(name === "intake" ? `MAX(${value}) AS ${column}` : `${value} AS ${column}`);
    if (name !== "intake") keys.push(String(names.length));
  }
  return `SELECT ${names.join(", ")} FROM ${readParquet(paths)} GROUP BY ${keys.join(", ")}`;
}

async function withForeignColumns(
  { db }: Workspace,
  table: Dataset,
  paths: readonly string[],
): Promise<Set<string>> {
  const { columns, partitionBy } = ZONE_TABLES[table];
  const own = new Set([...columns, ...partitionBy].map(({ name }) => name));
  const found = new Set<string>();
  for (const path of paths) {
    const rows = await db.rows(
      `the columns of ${table}`,
      "SELECT name FROM parquet_schema(?) WHERE coalesce(num_children, 0) = 0",
      [path],
    );
    if (rows.some(({ name }) => !own.has(name as string))) found.add(path);
  }
  return found;
}
