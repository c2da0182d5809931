import { rm } from "node:fs/promises";
import {
  type Dataset,
  DATASETS,
  type EngineSource,
  type PlanLimits,
  type SourceVerdict,
  ToplineError,
} from "@topline/core";
import { identifier, literal } from "./quoting.ts";
import { MAX_LINE } from "./lines.ts";
import { type StagedSource, stageSource } from "./staging.ts";
import { headsOf, rawLinesOf, recordsOf, SOURCES, useHeads, type Workspace } from "./workspace.ts";

/** Copies → clean lines → records, judged by the plan's SQL → a verdict on each source. */

export interface IngestedSource {
  readonly source: EngineSource;
  /** Short, so that DuckDB holds it in the row: its `source` in every table. */
  readonly name: string;
  readonly verdict: SourceVerdict;
  /** Each record is one line, and so numbered from the first line. */
  readonly isLinewise: boolean;
}

interface Batch {
  readonly dataset: Dataset;
  readonly staged: readonly (NamedSource & { readonly lines: StagedSource })[];
}

/** Sources that are streamed to this machine at a time. */
const PARALLEL = 4;

/** Bytes of lines that are judged in one statement, unless one source alone has more. */
const BATCH_BYTES = 128 * 1024 ** 2;

/** @param first the number of the first source: names stay unique over several calls */
export async function ingestSources(
  work: Workspace,
  sources: readonly EngineSource[],
  limits: PlanLimits,
  first: number,
): Promise<IngestedSource[]> {
  const named = sources.map((source, i) => ({
    source,
    name: String(first + i).padStart(6, "0"),
  }));
  const failed = new AbortController();
  const signal = AbortSignal.any([work.signal, failed.signal]);
  const datasets = DATASETS.map(async (dataset) => {
    const ofDataset = named.filter(({ source }) => source.dataset === dataset);
    try {
      return await ingestDataset({ ...work, signal }, dataset, ofDataset, limits);
    } catch (error) {
      failed.abort();
      throw error;
    }
  });
  const ingested = new Map((await allOrCause(datasets)).flat().map((item) => [item.name, item]));
  return named.flatMap(({ name }) => ingested.get(name) ?? []);
}

/** Results, or the fault because of which the others were cancelled. */
async function allOrCause<T>(parts: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(parts);
  const fault = settled.find(isCause) ?? settled.find(({ status }) => status === "rejected");
  if (fault?.status === "rejected") throw fault.reason;
  return Promise.all(parts);
}

interface NamedSource {
  readonly source: EngineSource;
  readonly name: string;
}

/** On a connection of its own, so that datasets are judged side by side. */
async function ingestDataset(
  shared: Workspace,
  dataset: Dataset,
  sources: readonly NamedSource[],
  limits: PlanLimits,
): Promise<IngestedSource[]> {
  using db = await shared.db.another(shared.signal);
  const work = { ...shared, db };
  const ingested: IngestedSource[] = [];
  let judging: Promise<void> = Promise.resolve();
  const judge = async (batch: Batch) => {
    ingested.push(...(await judgeBatch(work, batch, limits)));
  };
  try {
    for await (const batch of stagedBatches(work, dataset, sources, limits)) {
      await judging;
      judging = judge(batch);
      // Awaited before the next batch; until then a fault is not unhandled.
      judging.catch(() => undefined);
    }
  } finally {
    await judging;
  }
  return ingested;
}

async function* stagedBatches(
  work: Workspace,
  dataset: Dataset,
  sources: readonly NamedSource[],
  limits: PlanLimits,
): AsyncGenerator<Batch> {
  let staged: Batch["staged"][number][] = [];
  let bytes = 0;
  for (let at = 0; at < sources.length; at += PARALLEL) {
    const failed = new AbortController();
    const signal = AbortSignal.any([work.signal, failed.signal]);
    const group = sources.slice(at, at + PARALLEL).map(async ({ source, name }) => {
      const to = { directory: work.directory, name };
      const options = { maxBytes: limits.maxSourceBytes, signal };
      try {
        return { source, name, lines: await stageSource(work.store, source, to, options) };
      } catch (error) {
        failed.abort();
        throw error;
      }
    });
    for (const item of await allOrCause(group)) {
      staged.push(item);
      bytes += item.lines.bytes;
    }
    if (bytes < BATCH_BYTES) continue;
    yield { dataset, staged };
    staged = [];
    bytes = 0;
  }
  if (staged.length > 0) yield { dataset, staged };
}

/** The others of a group are cancelled because of the first fault. */
const isCause = (result: PromiseSettledResult<unknown>) =>
  result.status === "rejected" && !ToplineError.is(result.reason, "CANCELLED");

async function judgeBatch(
  work: Workspace,
  { dataset, staged }: Batch,
  limits: PlanLimits,
): Promise<IngestedSource[]> {
  const { db, plan } = work;
  const files = staged.flatMap(({ lines }) => lines.files);
  if (files.length > 0) {
    await db.run("reading lines", `CREATE TABLE ${rawLinesOf(dataset)} AS ${readLines(files)}`);
    for (const file of files) await rm(file);
    await db.run(
      "reading lines",
      `CREATE OR REPLACE TEMP VIEW lines AS SELECT source, rowid + 1 AS n, line FROM ${rawLinesOf(dataset)}`,
    );
    for (const { name, source } of staged) await addHead(work, name, source);
    await useHeads(db, dataset);
    await db.run(
      `the records of ${dataset}`,
      `INSERT INTO ${recordsOf(dataset)}\n${plan.datasets[dataset].sql}`,
    );
  }
  const lines = files.length > 0 ? await countLines(work, dataset) : new Map<string, LineCount>();
  const counts = await countRecords(work, dataset, staged);
  if (files.length > 0) {
    await db.run("reading lines", `DROP TABLE ${rawLinesOf(dataset)}`);
  }
  const ingested: IngestedSource[] = [];
  for (const { source, name, lines: staging } of staged) {
    const read = lines.get(name) ?? { lines: 0n, bytes: 0n };
    if (read.bytes !== BigInt(staging.bytes)) throw lost(source, staging.bytes, read.bytes);
    const { records, quarantined } = counts.get(name) ?? { records: 0n, quarantined: {} };
    const verdict =
      staging.refused === undefined
        ? verdictOf(source, records, quarantined, limits)
        : refusedUnread(source, staging.refused);
    if (verdict.refused !== null) {
      const discard = `DELETE FROM ${recordsOf(dataset)} WHERE source = $1`;
      await db.run(`the records of ${dataset}`, discard, [name]);
    }
    ingested.push({ source, name, verdict, isLinewise: read.lines === records + 1n });
  }
  return ingested;
}

/** One column, no quoting: a line is a value. Explicit in everything, so that nothing is guessed. */
const readLines = (files: readonly string[]) => `
  SELECT left(right(filename, 17), 6) AS source, line
  FROM read_csv(
    [${files.map(literal).join(", ")}],
    columns = {'line': 'VARCHAR'}, header = false, auto_detect = false,
    delim = '${"\u0002".repeat(3)}', quote = '', escape = '', comment = '', nullstr = '\u0002',
    strict_mode = false, new_line = '\\n', parallel = false, max_line_size = ${MAX_LINE + 16}
  )`;

async function addHead({ db }: Workspace, name: string, source: EngineSource): Promise<void> {
  const { record, width, positions } = source.head;
  const columns = Object.keys(positions);
  const names = ["source", "header", "width", ...columns.map((column) => `p_${column}`)];
  const holes = names.map((_, i) => `$${i + 1}`);
  await db.run(
    "its tables",
    `INSERT INTO ${headsOf(source.dataset)} (${names.map(identifier).join(", ")}) VALUES (${holes.join(", ")})`,
    [name, record, width, ...columns.map((column) => (positions[column] ?? 0) + 1)],
  );
  await db.run("its tables", `INSERT INTO ${SOURCES} VALUES ($1, $2)`, [name, source.sourceId]);
}

interface LineCount {
  readonly lines: bigint;
  readonly bytes: bigint;
}

/** What DuckDB has read, to be held against what was written for it. */
async function countLines({ db }: Workspace, dataset: Dataset): Promise<Map<string, LineCount>> {
  const rows = await db.rows(
    "counting lines",
    `SELECT source, COUNT(*) AS lines, CAST(SUM(strlen(line) + 1) AS BIGINT) AS bytes FROM ${rawLinesOf(dataset)} GROUP BY source`,
  );
  return new Map(
    rows.map((row) => [
      row["source"] as string,
      { lines: row["lines"] as bigint, bytes: row["bytes"] as bigint },
    ]),
  );
}

interface RecordCount {
  /** The header not counted. */
  readonly records: bigint;
  readonly quarantined: Record<string, bigint>;
}

async function countRecords(
  { db }: Workspace,
  dataset: Dataset,
  staged: Batch["staged"],
): Promise<Map<string, RecordCount>> {
  const names = staged.map(({ name }) => name);
  const rows = await db.rows(
    `the records of ${dataset}`,
    `SELECT source, reason, is_header, COUNT(*) AS records FROM ${recordsOf(dataset)}
     WHERE source BETWEEN $1 AND $2 GROUP BY source, reason, is_header`,
    [names[0] ?? "", names.at(-1) ?? ""],
  );
  const counts = new Map<string, RecordCount>();
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

function verdictOf(
  source: EngineSource,
  records: bigint,
  quarantined: Record<string, bigint>,
  { maxQuarantineRatio }: PlanLimits,
): SourceVerdict {
  const bad = Object.values(quarantined).reduce((sum, count) => sum + count, 0n);
  const { sourceId, key } = source;
  const verdict = { sourceId, records, accepted: records - bad, quarantined, refused: null };
  if (Number(bad) <= maxQuarantineRatio * Number(records)) return verdict;
  const reasons = Object.entries(quarantined)
    .sort(([, a], [, b]) => (a < b ? 1 : -1))
    .map(([reason, count]) => `${reason} ${count}`);
  const message = `${key} has ${bad} bad records of ${records} (${reasons.join(", ")}); the limit maxQuarantineRatio is ${maxQuarantineRatio} of its records. Mend the export and upload the file again.`;
  return { ...verdict, refused: { code: "TOO_MANY_BAD_ROWS", message } };
}

const refusedUnread = (
  { sourceId }: EngineSource,
  refused: NonNullable<SourceVerdict["refused"]>,
): SourceVerdict => ({ sourceId, records: 0n, accepted: 0n, quarantined: {}, refused });

function lost({ key }: EngineSource, expected: number, found: bigint): ToplineError {
  return new ToplineError(
    "ENGINE_FAILED",
    `DuckDB read ${found} bytes of lines of ${key}; ${expected} were written for it. Nothing was taken in; this is a fault of the engine: please report it.`,
  );
}

function headerGone({ key, inputKey, head }: EngineSource): ToplineError {
  return new ToplineError(
    "STATE_CORRUPT",
    `The copy ${inputKey} of ${key} has no record equal to the header ${JSON.stringify(head.record.slice(0, 200))} that was read from the file. Start a new run.`,
  );
}
