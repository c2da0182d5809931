import { createReadStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type DataFile, type Dataset, ZONE_TABLES, zoneFolder } from "@topline/core";
import { identifier, literal } from "./quoting.ts";
import { recordsOf, SOURCES, type Workspace } from "./workspace.ts";
import type { ZoneFilesHere } from "./zone-files.ts";

/** Rows of one file: some 512 MB of listens. A partition of more is split by its key's hash. */
const FILE_ROWS = 16_000_000;

/** Writes a table's accepted rows as Parquet, a file a partition, and uploads them. */
export async function writeAccepted(
  work: Workspace,
  here: ZoneFilesHere,
  table: Dataset,
  { stem, intake }: { readonly stem: string; readonly intake: bigint },
): Promise<DataFile[]> {
  const { db, store, clock, signal } = work;
  const what = `the Parquet files of ${table}`;
  const folder = join(work.directory, `out-${table}`);
  await mkdir(folder);
  try {
    const written = await work.alone(async () =>
      db.rows(what, await copyStatement(work, table, intake, folder)),
    );
    const files: DataFile[] = [];
    const named = new Map<string, number>();
    for (const row of written.sort(byName)) {
      // Of no rows DuckDB makes a file all the same, unless it parts them.
      if (row["count"] === 0n) continue;
      const local = row["filename"] as string;
      const date = /date=([0-9-]+)/.exec(local.slice(folder.length))?.[1];
      const directory = date === undefined ? "" : `date=${date}/`;
      const ordinal = (named.get(directory) ?? 0) + 1;
      named.set(directory, ordinal);
      const path = `${directory}${stem}${ordinal === 1 ? "" : `-${ordinal}`}.parquet`;
      await store.put(zoneFolder(table) + path, createReadStream(local), { signal });
      const file = {
        path,
        size: Number(row["file_size_bytes"]),
        modificationTime: clock.now().getTime(),
        partition: date === undefined ? {} : { date },
        records: row["count"] as bigint,
      };
      await here.adopt(table, file, local);
      files.push(file);
    }
    return files;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const byName = (a: { readonly [name: string]: unknown }, b: typeof a) =>
  String(a["filename"]) < String(b["filename"]) ? -1 : 1;

async function copyStatement(
  { db }: Workspace,
  table: Dataset,
  intake: bigint,
  folder: string,
): Promise<string> {
  const { columns, partitionBy } = ZONE_TABLES[table];
  const accepted = `FROM ${recordsOf(table)} AS r JOIN ${SOURCES} AS s ON s.name = r.source WHERE r.reason IS NULL`;
  const date = partitionBy.length > 0 ? "CAST(r.listen_time AS DATE)" : "DATE '1970-01-01'";
  const large = await db.rows(
    `the Parquet files of ${table}`,
    `SELECT CAST(${date} AS VARCHAR) AS "date", COUNT(*) AS records ${accepted} GROUP BY ${date} HAVING COUNT(*) > ${FILE_ROWS}`,
  );
  const key = identifier(columns[0]?.name ?? "");
  const parts = large.map(({ date, records }) => {
    const files = Math.ceil(Number(records) / FILE_ROWS);
    return `WHEN DATE ${literal(date as string)} THEN hash(r.${key}) % ${files}`;
  });
  const values = columns.map(({ name, type }) => {
    if (name === "source_id") return "s.source_id";
    if (name === "intake") return `CAST(${intake} AS BIGINT) AS intake`;
    const column = `r.${identifier(name)}`;
    return type === "timestamp"
      ? `make_timestamptz(epoch_us(${column})) AS ${identifier(name)}`
      : column;
  });
  const format = "FORMAT parquet, COMPRESSION snappy, RETURN_STATS true";
  const keys = partitionBy.map(({ name }) => identifier(name));
  if (keys.length > 0) values.push(`${date} AS ${keys.join()}`);
  if (parts.length > 0) {
    keys.push('"part"');
    values.push(`CASE ${date} ${parts.join(" ")} ELSE 0 END AS "part"`);
  }
  const rows = `SELECT ${values.join(", ")} ${accepted}`;
  // Partitioning copies every row once more: only where there is something to part.
  return keys.length === 0
    ? `COPY (${rows}) TO ${literal(join(folder, "all.parquet"))} (${format})`
    : `COPY (${rows}) TO ${literal(folder)} (${format}, PARTITION_BY (${keys.join(", ")}), OVERWRITE_OR_IGNORE true)`;
}
