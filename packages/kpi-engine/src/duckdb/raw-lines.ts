import { rm } from "node:fs/promises";
import type { Dataset } from "@topline/core";
import type { StagedAs } from "./batch.ts";
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

/** Makes the sources and their heads known. */
export async function addHeads(work: Workspace, staged: readonly StagedAs[]): Promise<void> {
  for (const { source, name, lines } of staged) {
    const { record, width, positions } = source.head;
    const columns = Object.keys(positions);
    const known = ["source", "header", "width", "is_plain"];
    const names = [...known, ...columns.map((column) => `p_${column}`)];
    const holes = names.map((_, i) => `$${i + 1}`);
    const values = columns.map((column) => (positions[column] ?? 0) + 1);
    await work.db.run(
      "its tables",
      `INSERT INTO ${headsOf(source.dataset)} (${names.map(identifier).join(", ")}) VALUES (${holes.join(", ")})`,
      [name, record, width, lines.isPlain, ...values],
    );
    await work.db.run("its tables", `INSERT INTO ${SOURCES} VALUES ($1, $2)`, [
      name,
      source.sourceId,
    ]);
  }
}
