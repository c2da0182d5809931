import { rm } from "node:fs/promises";
import {
  type Dataset,
  DATASETS,
  type EngineSource,
  type PlanLimits,
  type SourceVerdict,
  ToplineError,
} from "@topline/core";
import { type Batch, lost, type NamedSource } from "./batch.ts";
import { countLines, countRecords, type LineCount } from "./counting.ts";
import { identifier, literal } from "./quoting.ts";
import { MAX_LINE } from "./lines.ts";
import { stageSource } from "./staging.ts";
import { refusedUnread, verdictOf } from "./verdict.ts";
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
