import { join } from "node:path";
import { DuckDBInstance, type DuckDBValue } from "@duckdb/node-api";
import type { KpiStore, KpiValue, TableSpec } from "@topline/core";
import { TABLES } from "@topline/kpi-engine";
import { literal } from "../sql.ts";

/** Each table's rows as texts, in order: two computations agree when these do. */
export type Figures = Readonly<Record<string, readonly string[]>>;

export async function publishedFigures(kpis: Pick<KpiStore, "scan">): Promise<Figures> {
  const figures: Record<string, string[]> = {};
  for (const table of TABLES) {
    const rows: string[] = [];
    for await (const row of kpis.scan(table)) rows.push(rowText(table, (name) => row[name]));
    figures[table.name] = rows.sort();
  }
  return figures;
}

/** Of the Parquet files that the script by hand has left in a folder. */
export async function figuresByHand(folder: string): Promise<Figures> {
  const instance = await DuckDBInstance.create(":memory:");
  const db = await instance.connect();
  try {
    const figures: Record<string, string[]> = {};
    for (const table of TABLES) {
      const file = literal(join(folder, `${table.relation}.parquet`));
      const reader = await db.runAndReadAll(
        `SELECT * REPLACE (CAST(date AS VARCHAR) AS date) FROM read_parquet(${file})`,
      );
      const rows = reader.getRowObjects();
      figures[table.name] = rows.map((row) => rowText(table, (name) => row[name])).sort();
    }
    return figures;
  } finally {
    db.closeSync();
    instance.closeSync();
  }
}

/** Absent text is an absent attribute in the one and NULL in the other. */
const rowText = (
  { columns }: TableSpec,
  valueOf: (name: string) => KpiValue | DuckDBValue | undefined,
) => JSON.stringify(columns.map(({ name }) => String(valueOf(name) ?? null)));

/** Who has yielded figures. */
export interface Yield {
  readonly by: string;
  readonly figures: Figures;
}

/** @throws {Error} that tells the first difference of each table */
export function assertSame(found: Yield, expected: Yield): void {
  const differences = TABLES.flatMap(({ name }) => {
    const [mine = [], theirs = []] = [found.figures[name], expected.figures[name]];
    const at = theirs.findIndex((row, i) => row !== mine[i]);
    if (at < 0 && mine.length === theirs.length) return [];
    const [one, other] = [mine[at] ?? "nothing", theirs[at] ?? "nothing"];
    return `${name}: ${mine.length} rows of ${theirs.length}; first ${one} where ${expected.by} has ${other}`;
  });
  if (Object.values(expected.figures).every((rows) => rows.length === 0)) {
    differences.push(`${expected.by} yielded no row`);
  }
  if (differences.length === 0) return;
  throw new Error(
    `${found.by} and ${expected.by} disagree, so their times say nothing: ${differences.join("; ")}.`,
  );
}
