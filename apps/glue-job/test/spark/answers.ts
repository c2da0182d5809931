import { Buffer } from "node:buffer";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DataFile,
  type Dataset,
  DATASETS,
  type EngineSession,
  type EngineSource,
  type Plan,
} from "../../../../packages/core/src/index.ts";
import { memoryObjectStore } from "../../../../packages/core/src/memory/index.ts";
import { buildPlan, duckdbEngine } from "../../../../packages/kpi-engine/src/index.ts";
import { judgedPlainly } from "../../../../packages/kpi-engine/test/dialect/judged.ts";
import { type Drop, source } from "../../../../packages/kpi-engine/test/drop.ts";
import { COUNTRY_KPIS, intakes } from "./history.ts";
import { LIMITS, oddFiles, type OddFile } from "./odd-files.ts";

/**
 * What DuckDB makes of files, and of a small history; for accepted rows, what a reader makes of them that has all in
 * memory. It is written down for pytest, which holds Spark to it.
 */

/** Writes `plan.json`, `files.json`, `history.json`, and the bytes of every source as `input/<source id>`. */
export async function writeAnswers(directory: string): Promise<void> {
  await mkdir(join(directory, "input"), { recursive: true });
  const plan = buildPlan({ kpis: [COUNTRY_KPIS] });
  await write(directory, "plan", plan);
  await using bench = await openBench(directory, plan);
  await write(directory, "files", await answersOfFiles(bench));
  await write(directory, "history", await answersOfHistory(bench, plan));
}

const write = (directory: string, name: string, value: unknown) =>
  writeFile(
    join(directory, `${name}.json`),
    JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? String(item) : item)),
  );

interface Bench extends AsyncDisposable {
  open(): Promise<EngineSession>;
  /** Puts the bytes where DuckDB and pytest find them. */
  place(drop: Drop): Promise<EngineSource>;
  read(keys: readonly string[]): Promise<string>;
}

async function openBench(directory: string, plan: Plan): Promise<Bench> {
  const store = memoryObjectStore();
  const tempDirectory = await mkdtemp(join(tmpdir(), "topline-answers-"));
  const clock = { now: () => new Date("2024-06-26T12:00:00Z") };
  const engine = duckdbEngine({ store, tempDirectory, clock, threads: 2 });
  let placed = 0;
  return {
    open: () => engine.open(plan),
    async place(drop) {
      const sourceId = (placed++).toString(16).padStart(16, "0");
      await writeFile(join(directory, "input", sourceId), drop.bytes);
      return source(store, { ...drop, sourceId }, placed);
    },
    async read(keys) {
      const parts: Uint8Array[] = [];
      for (const key of keys)
        for await (const part of (await store.get(key)).body) parts.push(part);
      return Buffer.concat(parts).toString();
    },
    [Symbol.asyncDispose]: () => rm(tempDirectory, { recursive: true }),
  };
}

async function answersOfFiles(bench: Bench) {
  const files = oddFiles();
  const sources: EngineSource[] = [];
  for (const file of files) sources.push(await bench.place(file));
  await using session = await bench.open();
  const verdicts = await session.ingest(sources, LIMITS);
  const answers = [];
  for (const [i, given] of sources.entries()) {
    const keys = await session.writeQuarantine(given.sourceId, `quarantine/${given.sourceId}/`);
    const file = files[i] as OddFile;
    answers.push({
      name: file.name,
      source: given,
      verdict: verdicts[i],
      quarantine: await bench.read(keys),
      rows: verdicts[i]?.refused === null ? acceptedPlainly(file, given) : [],
    });
  }
  return { limits: LIMITS, answers };
}

function acceptedPlainly({ dataset, bytes, text }: OddFile, { head }: EngineSource) {
  const judged = judgedPlainly(dataset, { bytes: text ?? bytes, head });
  return judged.filter(({ reason }) => reason === null).map(({ row }) => row);
}

/** One session an intake, as runs have it; figures, rows and touched dates after each. */
async function answersOfHistory(bench: Bench, plan: Plan) {
  const zone: Record<Dataset, DataFile[]> = { songs: [], users: [], streams: [] };
  const states = [];
  for (const [i, drops] of intakes().entries()) {
    const before = { songs: [...zone.songs], users: [...zone.users] };
    const sources: EngineSource[] = [];
    for (const drop of drops) sources.push(await bench.place(drop));
    await using session = await bench.open();
    await session.ingest(sources, LIMITS);
    for (const table of DATASETS) {
      const options = { stem: `intake-${i}`, intake: BigInt(i + 1) };
      zone[table].push(...(await session.writeRows(table, options)));
    }
    const touched = [];
    for (const views of [["songs"], ["users"], ["songs", "users"]] as const)
      touched.push({ views, dates: await session.datesTouched(before, zone, views) });
    const written = zone.streams.map(({ partition }) => partition["date"] ?? "");
    const dates = [...new Set([...written, "2000-01-01"])].sort();
    const { figures, violations } = await session.compute(zone, dates);
    const rows = [];
    for (const { name } of plan.tables)
      for (const date of dates)
        rows.push({ table: name, date, rows: await session.rows(name, date) });
    states.push({ sources, touched, dates, figures, violations, rows });
  }
  return states;
}
