import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DataFile,
  type Dataset,
  DATASETS,
  type DateFigures,
  type EngineSession,
  type EngineSource,
  type KpiRow,
  type Plan,
  type SourceVerdict,
  ToplineError,
} from "@topline/core";
import { createValidator } from "@topline/validators";
import { duckdbEngine } from "./duckdb/engine.ts";
import { localFiles } from "./local-files.ts";
import { defaultPlan } from "./plan.ts";

export interface CsvFiles {
  /** Paths of CSV files; names that end in `.gz` are gzip. */
  readonly users: string | readonly string[];
  /** Of several catalogues, a later one replaces the tracks that it names; so with users. */
  readonly songs: string | readonly string[];
  readonly streams: string | readonly string[];
}

export interface ComputeOptions {
  readonly plan?: Plan;
  /** For what is staged and spilled. Default: the system's. */
  readonly tempDirectory?: string;
  /** As DuckDB writes it, such as `1GB`. */
  readonly memoryLimit?: string;
  readonly signal?: AbortSignal;
}

export interface ComputedKpis {
  /** Rows by table name, by date and then in the table's order. */
  readonly tables: Readonly<Record<string, readonly KpiRow[]>>;
  readonly dates: readonly DateFigures[];
  /** What was made of each file: records, accepted, quarantined by reason; or why it was refused. */
  readonly files: readonly FileVerdict[];
}

export interface FileVerdict extends Omit<SourceVerdict, "sourceId"> {
  readonly path: string;
}

/**
 * KPIs of CSV files, without a bucket, a zone or a table: the same plan on the same engine, over files.
 * @throws {ToplineError} `AUDIT_FAILED`; `OBJECT_NOT_FOUND` for a path without a file
 */
export async function computeKpis(
  files: CsvFiles,
  options: ComputeOptions = {},
): Promise<ComputedKpis> {
  const { plan = defaultPlan(), tempDirectory = tmpdir(), memoryLimit, signal } = options;
  const folder = await mkdtemp(join(tempDirectory, "topline-files-"));
  try {
    const paths = pathsByKey(files);
    const store = localFiles(folder, paths);
    const engine = duckdbEngine({
      store,
      tempDirectory: folder,
      ...(memoryLimit === undefined ? {} : { memoryLimit }),
    });
    const { sources, refused } = await readHeads(store, paths);
    await using session = await engine.open(plan, signal === undefined ? {} : { signal });
    const verdicts = await session.ingest(sources, plan.limits);
    const pathOf = new Map(sources.map(({ sourceId, key }) => [sourceId, key]));
    const read = verdicts.map(({ sourceId, records, accepted, quarantined, refused: refusal }) => {
      const path = pathOf.get(sourceId) ?? sourceId;
      return { path, records, accepted, quarantined, refused: refusal };
    });
    return { ...(await computeAll(session, plan)), files: [...refused, ...read] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Keys in the order of datasets and files: the later of two sources has the greater id. */
function pathsByKey(files: CsvFiles): Map<string, string> {
  const paths = DATASETS.flatMap((dataset) =>
    [files[dataset]].flat().map((path) => [dataset, path] as const),
  );
  return new Map(
    paths.map(([dataset, path], i) => [`${dataset}/${String(i).padStart(8, "0")}`, path]),
  );
}

async function readHeads(
  store: ReturnType<typeof localFiles>,
  paths: ReadonlyMap<string, string>,
): Promise<{ sources: EngineSource[]; refused: FileVerdict[] }> {
  const sources: EngineSource[] = [];
  const refused: FileVerdict[] = [];
  const validator = createValidator();
  for (const [inputKey, path] of paths) {
    const [dataset, sourceId] = inputKey.split("/") as [Dataset, string];
    const compression = path.endsWith(".gz") ? "gzip" : "none";
    const { body, size } = await store.get(inputKey);
    const verdict = await validator.checkHead(dataset, body, compression);
    if (verdict.ok) {
      const { head } = verdict;
      sources.push({ sourceId, dataset, key: path, inputKey, compression, size, head });
    } else {
      const { code, message } = verdict;
      const counts = { records: 0n, accepted: 0n, quarantined: {} };
      refused.push({ path, ...counts, refused: { code, message } });
    }
  }
  return { sources, refused };
}

async function computeAll(
  session: EngineSession,
  plan: Plan,
): Promise<Pick<ComputedKpis, "tables" | "dates">> {
  const write = (table: Dataset) => session.writeRows(table, { stem: "rows", intake: 1n });
  const zone: Record<Dataset, readonly DataFile[]> = {
    songs: await write("songs"),
    users: await write("users"),
    streams: await write("streams"),
  };
  const written = zone.streams.map(({ partition }) => partition["date"] ?? "");
  const dates = [...new Set(written)].sort();
  const { figures, violations } = await session.compute(zone, dates);
  const [violation] = violations;
  if (violation !== undefined) {
    const { audit, date, detail } = violation;
    throw new ToplineError("AUDIT_FAILED", `Audit ${audit} failed for ${date}: ${detail}.`);
  }
  const tables: Record<string, readonly KpiRow[]> = {};
  for (const { name } of plan.tables) {
    const rows: KpiRow[] = [];
    for (const date of dates) rows.push(...(await session.rows(name, date)));
    tables[name] = rows;
  }
  return { tables, dates: figures };
}
