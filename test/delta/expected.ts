import { type Dataset, DATASET_COLUMNS, type RunReport } from "../../packages/core/src/index.ts";
import { readListenTime } from "../model/contracts.ts";
import type { Drop } from "../model/model.ts";
import { type Row, readSource } from "../model/source.ts";
import { bag, type Cells } from "./rows.ts";

/** What the zone must hold after each commit, by the independent reader of the model's. */

export interface Taken {
  readonly files: readonly Drop[];
  readonly report: RunReport;
  /** Of the run's rows of reference tables. */
  readonly intake: bigint;
}

const LIMITS = { maxSourceBytes: Number.MAX_SAFE_INTEGER, maxQuarantineRatio: 0.5 };

/** Bags of rows by version: each run that accepts rows for a table appends one. */
export function expectedVersions(table: Dataset, runs: readonly Taken[]): Record<string, string[]> {
  const versions: Record<string, string[]> = {};
  const rows: Cells[] = [];
  for (const run of runs) {
    const added = rowsOf(table, run);
    if (added.length === 0) continue;
    rows.push(...added);
    versions[Object.keys(versions).length] = bag(rows);
  }
  return versions;
}

function rowsOf(table: Dataset, { files, report, intake }: Taken): Cells[] {
  return report.sources
    .filter(({ dataset }) => dataset === table)
    .flatMap(({ key, source_id }) => {
      const file = files.find((one) => one.key === key);
      if (file === undefined) throw new Error(`Nothing was delivered as ${key}.`);
      const reading = readSource(table, file, LIMITS);
      if (reading.refused !== null) return [];
      return reading.rows.map((row) => cellsOf(table, row, source_id, intake));
    });
}

function cellsOf(table: Dataset, row: Row, sourceId: string, intake: bigint): Cells {
  const values = DATASET_COLUMNS[table].map(({ name, type }) => {
    const text = row.get(name) ?? "";
    if (text === "") return null;
    if (type === "timestamp") return String(microseconds(text));
    return type === "integer" ? String(Number(text)) : text;
  });
  if (table !== "streams") return [...values, sourceId, String(intake)];
  return [...values, sourceId, timeOf(row.get("listen_time") ?? "").slice(0, 10)];
}

function timeOf(text: string): string {
  const time = readListenTime(text);
  if (time === undefined) throw new Error(`${text} is no listen_time.`);
  return time;
}

function microseconds(text: string): bigint {
  const [seconds, fraction = "0"] = timeOf(text).split(".");
  return BigInt(Date.parse(`${seconds?.replace(" ", "T")}Z`)) * 1000n + BigInt(fraction);
}
