import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type DataFile,
  type Dataset,
  type Leaving,
  type RowChoice,
  ZONE_TABLES,
} from "@topline/core";
import { useThreadsFor } from "./compute.ts";
import { copyPartition, readParquet, upload } from "./parquet.ts";
import { identifier, literal } from "./quoting.ts";
import type { Workspace } from "./workspace.ts";
import type { ZoneFilesHere } from "./zone-files.ts";

/**
 * Takes rows out of files of the zone, partition by partition: of a table's files no more than one partition's are
 * here at a time.
 */
export async function leaveOut(
  work: Workspace,
  here: ZoneFilesHere,
  table: Dataset,
  files: readonly DataFile[],
  choice: RowChoice,
  stem: string,
): Promise<Leaving> {
  const remove: DataFile[] = [];
  const add: DataFile[] = [];
  if (choice.values.length === 0) return { remove, add };
  const folder = join(work.directory, `left-${table}-${stem}`);
  await mkdir(folder);
  const dated = ZONE_TABLES[table].partitionBy.length > 0;
  const columns = ZONE_TABLES[table].columns.map(({ name }) => identifier(name)).join(", ");
  const isChosen = `${identifier(choice.column)} IN (${choice.values.map(literal).join(", ")})`;
  const partitions = Map.groupBy(files, ({ partition }) => partition["date"] ?? null);
  for (const [date, ofPartition] of partitions) {
    const count = ofPartition.reduce((sum, { records }) => sum + records, 0n);
    await useThreadsFor(work, { rows: count });
    await using fetched = await here.fetch(table, ofPartition);
    const having = await pathsHaving(work, table, fetched.paths, isChosen);
    const touched = fetched.paths.filter((path) => having.has(path));
    if (touched.length === 0) continue;
    remove.push(...ofPartition.filter((_, at) => having.has(fetched.paths[at] ?? "")));
    const rows = `SELECT ${columns} FROM ${readParquet(touched)} WHERE (${isChosen}) IS NOT TRUE`;
    const path = join(folder, `${date ?? "all"}.parquet`);
    const to = { path, date: dated ? date : undefined };
    const kept = await copyPartition(work, table, rows, to);
    add.push(...(await upload(work, here, table, kept, stem)));
  }
  return { remove, add };
}

async function pathsHaving(
  { db }: Workspace,
  table: Dataset,
  paths: readonly string[],
  condition: string,
): Promise<Set<string>> {
  const rows = await db.rows(
    `the rows of ${table}`,
    `SELECT DISTINCT filename FROM ${readParquet(paths)} WHERE ${condition}`,
  );
  return new Set(rows.map(({ filename }) => filename as string));
}
