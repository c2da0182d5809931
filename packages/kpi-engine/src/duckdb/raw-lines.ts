import { rm } from "node:fs/promises";
import type { DuckDBValue } from "@duckdb/node-api";
import type { Dataset } from "@topline/core";
import type { StagedAs } from "./batch.ts";
import type { Database } from "./database.ts";
import { identifier, literal } from "./quoting.ts";
import { MAX_LINE } from "./lines.ts";
import { headsOf, rawLinesOf, SOURCES, type Workspace } from "./workspace.ts";

/** Staged files as the plan's input relations `lines` and `heads`. */

export const filesOf = (staged: readonly StagedAs[]): string[] =>
  staged.flatMap(({ lines }) => [...lines.files]);

export async function removeFiles(files: readonly string[]): Promise<void> {
  for (const file of files) await rm(file, { force: true });
}

/** One column, no quoting: a line is a value. Explicit in everything, so that nothing is guessed. */
export const readLines = (files: readonly string[]) => `
  SELECT CAST(left(right(filename, 17), 6) AS INT) AS source, line
  FROM read_csv(
    [${files.map(literal).join(", ")}],
    columns = {'line': 'VARCHAR'}, header = false, auto_detect = false,
    delim = '${"\u0002".repeat(3)}', quote = '', escape = '', comment = '', nullstr = '\u0002',
    strict_mode = false, new_line = '\\n', parallel = false, max_line_size = ${MAX_LINE + 16}
  )`;

/** Makes `lines` those of the files as a table, in whose order they are numbered; the files are gone then. */
export async function loadLines(
  { db }: Workspace,
  dataset: Dataset,
  files: readonly string[],
): Promise<void> {
  const table = rawLinesOf(dataset);
  await db.run("reading lines", `CREATE TABLE ${table} AS ${readLines(files)}`);
  await removeFiles(files);
  await db.run(
    "reading lines",
    `CREATE OR REPLACE TEMP VIEW lines AS SELECT source, rowid + 1 AS n, line FROM ${table}`,
  );
}

export async function dropLines({ db }: Workspace, dataset: Dataset): Promise<void> {
  await db.run("reading lines", `DROP TABLE ${rawLinesOf(dataset)}`);
}

/** Rows of one statement. */
const INSERTED = 100;

async function insertRows(
  db: Database,
  table: string,
  columns: readonly string[],
  rows: readonly DuckDBValue[][],
): Promise<void> {
  for (let at = 0; at < rows.length; at += INSERTED) {
    const values = rows.slice(at, at + INSERTED);
    const holes = values.map(
      (_, i) => `(${columns.map((__, j) => `$${i * columns.length + j + 1}`).join(", ")})`,
    );
    await db.run(
      "its tables",
      `INSERT INTO ${table} (${columns.map(identifier).join(", ")}) VALUES ${holes.join(", ")}`,
      values.flat(),
    );
  }
}

/** Makes the sources and their heads known, and `heads` those of their dataset, as its SQL names them. */
export async function addHeads(
  { db, plan }: Workspace,
  dataset: Dataset,
  staged: readonly StagedAs[],
): Promise<void> {
  const columns = plan.datasets[dataset].columns.map(({ name }) => name);
  const known = ["source", "header", "width", "is_plain"];
  const names = [...known, ...columns.map((column) => `p_${column}`)];
  const heads = staged.map(({ source: { head }, name, lines }) => {
    const positions = columns.map((column) => (head.positions[column] ?? 0) + 1);
    return [name, head.record, head.width, lines.isPlain, ...positions];
  });
  const sources = staged.map(({ source, name }) => [name, source.sourceId]);
  await insertRows(db, headsOf(dataset), names, heads);
  await insertRows(db, SOURCES, ["name", "source_id"], sources);
  await db.run("its tables", `CREATE OR REPLACE TEMP VIEW heads AS FROM ${headsOf(dataset)}`);
}
