import type { Dataset } from "@topline/core";
import type { Batch } from "./batch.ts";
import { headerGone } from "./verdict.ts";
import { rawLinesOf, recordsOf, type Workspace } from "./workspace.ts";

/** What DuckDB holds of a batch, counted by source. */

export interface LineCount {
  readonly lines: bigint;
  readonly bytes: bigint;
}

/** What DuckDB has read, to be held against what was written for it. */
export async function countLines(
  { db }: Workspace,
  dataset: Dataset,
): Promise<Map<number, LineCount>> {
  const rows = await db.rows(
    "counting lines",
    `SELECT source, COUNT(*) AS lines, CAST(SUM(strlen(line) + 1) AS BIGINT) AS bytes FROM ${rawLinesOf(dataset)} GROUP BY source`,
  );
  return new Map(
    rows.map((row) => [
      row["source"] as number,
      { lines: row["lines"] as bigint, bytes: row["bytes"] as bigint },
    ]),
  );
}

export interface RecordCount {
  /** That DuckDB holds; the header not counted. */
  readonly records: bigint;
  readonly quarantined: Record<string, bigint>;
}

export async function countRecords(
  { db }: Workspace,
  dataset: Dataset,
  staged: Batch["staged"],
): Promise<Map<number, RecordCount>> {
  const names = staged.map(({ name }) => name);
  const rows = await db.rows(
    `the records of ${dataset}`,
    `SELECT source, reason, is_header, COUNT(*) AS records FROM ${recordsOf(dataset)}
     WHERE source BETWEEN $1 AND $2 GROUP BY source, reason, is_header`,
    [names[0] ?? 0, names.at(-1) ?? 0],
  );
  const counts = new Map<number, RecordCount>();
  for (const { source, name, lines } of staged) {
    if (lines.refused !== undefined) continue;
    const own = rows.filter((row) => row["source"] === name);
    const header = own.find((row) => row["is_header"] === true);
    if (header === undefined) throw headerGone(source);
    let records = 0n;
    const quarantined: Record<string, bigint> = {};
    for (const row of own) {
      const count = (row["records"] as bigint) - (row === header ? 1n : 0n);
      const reason = row["reason"] as string | null;
      records += count;
      if (reason !== null && count > 0n) quarantined[reason] = (quarantined[reason] ?? 0n) + count;
    }
    counts.set(name, { records, quarantined });
  }
  return counts;
}
