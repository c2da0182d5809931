import { createReadStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type DataFile,
  type Dataset,
  mapConcurrently,
  ZONE_TABLES,
  zoneFolder,
} from "@topline/core";
import type { Row } from "./database.ts";
import { identifier, literal } from "./quoting.ts";
import { recordsOf, SOURCES, type Workspace } from "./workspace.ts";
import type { ZoneFilesHere } from "./zone-files.ts";

/** Rows of one file: some 512 MB of listens. A partition of more is split by its key's hash. */
const FILE_ROWS = 16_000_000n;

/**
 * Version 2 would be quicker, and a tenth smaller: it writes texts with their lengths apart. Spark's own reader fails
 * at some such pages ("Failed to read 5 bytes").
 */
const FORMAT = "FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION v1, RETURN_STATS true";

/** Read at a time for an upload. */
const READ_BYTES = 1024 ** 2;

/** Files of one table that are brought to the zone at a time. */
const UPLOADED = 4;

/** A Parquet file of one partition that the zone does not have yet. */
export interface LocalParquet {
  readonly local: string;
  /** Undefined where the table has none; null where another writer gave it none. */
  readonly date: string | null | undefined;
  readonly records: bigint;
  readonly size: number;
}

type ZoneTable = (typeof ZONE_TABLES)[Dataset];

/** The rows of a zone table that were accepted of `records`, as the plan's SQL yields them; with the partition. */
export function acceptedRows({ columns, partitionBy }: ZoneTable, records: string, intake = 0n) {
  const values = columns.map(({ name, type }) => {
    if (name === "source_id") return "s.source_id";
    if (name === "intake") return `CAST(${intake} AS BIGINT) AS intake`;
    const column = `r.${identifier(name)}`;
    return type === "timestamp"
      ? `make_timestamptz(epoch_us(${column})) AS ${identifier(name)}`
      : column;
  });
  if (partitionBy.length > 0) values.push(`CAST(r.listen_time AS DATE) AS "date"`);
  return `SELECT ${values.join(", ")} FROM ${records} AS r JOIN ${SOURCES} AS s ON s.name = r.source WHERE r.reason IS NULL`;
}

/** Writes rows as Parquet, a file a partition, or several of some `fileRows`; none where there is no row. */
export async function copyRows(
  work: Pick<Workspace, "db">,
  table: Dataset,
  rows: string,
  folder: string,
  fileRows = FILE_ROWS,
): Promise<LocalParquet[]> {
  await mkdir(folder);
  const keys = ZONE_TABLES[table].partitionBy.map(({ name }) => identifier(name));
  // Partitioning copies every row once more: only where there is something to part.
  const copy =
    keys.length === 0
      ? `COPY (${rows}) TO ${literal(join(folder, "all.parquet"))} (${FORMAT})`
      : `COPY (${rows}) TO ${literal(folder)} (${FORMAT}, PARTITION_BY (${keys.join(", ")}), OVERWRITE_OR_IGNORE true)`;
  const written = filesOf(folder, await work.db.rows(`the Parquet files of ${table}`, copy));
  const files: LocalParquet[] = [];
  for (const file of written) {
    files.push(...(file.records > fileRows ? await divided(work, table, file, fileRows) : [file]));
  }
  return files;
}

/** In the order of their names. Of no rows DuckDB makes a file all the same, unless it parts them. */
function filesOf(folder: string, rows: readonly Row[], date?: string | null): LocalParquet[] {
  return rows
    .map((row): LocalParquet => {
      const local = row["filename"] as string;
      return {
        local,
        date: date === undefined ? /date=([0-9-]+)/.exec(local.slice(folder.length))?.[1] : date,
        records: row["count"] as bigint,
        size: Number(row["file_size_bytes"]),
      };
    })
    .filter(({ records }) => records > 0n)
    .sort((a, b) => (a.local < b.local ? -1 : 1));
}

/** Writes rows of one partition as one Parquet file, or several of some `FILE_ROWS`; none where there is no row. */
export async function copyPartition(
  work: Pick<Workspace, "db">,
  table: Dataset,
  rows: string,
  to: { readonly path: string; readonly date: string | null | undefined },
): Promise<LocalParquet[]> {
  const copy = `COPY (${rows}) TO ${literal(to.path)} (${FORMAT})`;
  const written = await work.db.rows(`the Parquet files of ${table}`, copy);
  const [file] = filesOf(to.path, written, to.date);
  if (file === undefined) return [];
  return file.records > FILE_ROWS ? divided(work, table, file, FILE_ROWS) : [file];
}

/** A file of too many rows as several. */
async function divided(
  { db }: Pick<Workspace, "db">,
  table: Dataset,
  { local, date, records }: LocalParquet,
  fileRows: bigint,
): Promise<LocalParquet[]> {
  const folder = `${local}.parts`;
  const key = identifier(ZONE_TABLES[table].columns[0]?.name ?? "");
  const parts = (records + fileRows - 1n) / fileRows;
  const rows = `SELECT *, hash(${key}) % ${parts} AS "part" FROM ${readParquet([local])}`;
  const copy = `COPY (${rows}) TO ${literal(folder)} (${FORMAT}, PARTITION_BY ("part"), OVERWRITE_OR_IGNORE true)`;
  await mkdir(folder);
  const files = filesOf(folder, await db.rows(`the Parquet files of ${table}`, copy), date);
  await rm(local);
  return files;
}

export const readParquet = (paths: readonly string[]) =>
  `read_parquet([${paths.map(literal).join(", ")}], hive_partitioning = false)`;

/** How many rows each source has in the files. */
export async function rowsBySource(
  { db }: Workspace,
  files: readonly LocalParquet[],
): Promise<Map<string, bigint>> {
  if (files.length === 0) return new Map();
  const rows = await db.rows(
    "counting rows",
    `SELECT source_id, COUNT(*) AS records FROM ${readParquet(files.map(({ local }) => local))} GROUP BY source_id`,
  );
  return new Map(rows.map((row) => [row["source_id"] as string, row["records"] as bigint]));
}

/** The same rows but for those of some sources. */
export async function without(
  { db }: Workspace,
  table: Dataset,
  files: readonly LocalParquet[],
  sources: ReadonlySet<string>,
): Promise<LocalParquet[]> {
  const left = [...sources].map(literal).join(", ");
  const kept: LocalParquet[] = [];
  for (const { local, date } of files) {
    const path = `${local}.kept`;
    const rows = `SELECT * FROM ${readParquet([local])} WHERE source_id NOT IN (${left})`;
    kept.push(...(await copyPartition({ db }, table, rows, { path, date })));
    await rm(local);
  }
  return kept;
}

/** Of the records in DuckDB that were accepted. */
export async function copyRecords(
  work: Workspace,
  table: Dataset,
  intake: bigint,
): Promise<LocalParquet[]> {
  const rows = acceptedRows(ZONE_TABLES[table], recordsOf(table), intake);
  return copyRows(work, table, rows, join(work.directory, `out-${table}`));
}

/** Brings local files into the table's folder, under names of this stem. */
export async function upload(
  { store, clock, signal }: Workspace,
  here: ZoneFilesHere,
  table: Dataset,
  files: readonly LocalParquet[],
  stem: string,
): Promise<DataFile[]> {
  return mapConcurrently(named(files, stem), UPLOADED, async ({ path, written }) => {
    const { local, date, records, size } = written;
    const body = createReadStream(local, { highWaterMark: READ_BYTES });
    await store.put(zoneFolder(table) + path, body, { signal });
    const partition = date === undefined ? {} : { date };
    const file = { path, size, modificationTime: clock.now().getTime(), partition, records };
    await here.adopt(table, file, local);
    return file;
  });
}

/** Each with its path in the table's folder; those of one partition are numbered. */
function named(files: readonly LocalParquet[], stem: string) {
  const ordinals = new Map<string, number>();
  return files.map((written) => {
    const { date } = written;
    const directory = typeof date === "string" ? `date=${date}/` : "";
    const ordinal = (ordinals.get(directory) ?? 0) + 1;
    ordinals.set(directory, ordinal);
    return {
      path: `${directory}${stem}${ordinal === 1 ? "" : `-${ordinal}`}.parquet`,
      written,
    };
  });
}
