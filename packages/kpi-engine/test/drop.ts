import { Buffer } from "node:buffer";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DataFile,
  type Dataset,
  DATASETS,
  type EngineSession,
  type EngineSource,
  type KpiRow,
  type ObjectStore,
  type Plan,
  type PlanLimits,
  type SourceVerdict,
} from "@topline/core";
import { memoryObjectStore } from "@topline/core/memory";
import { validator } from "@topline/validators";
import { buildPlan, duckdbEngine } from "@topline/kpi-engine";

/** Files as tests write them down, and a zone in memory that takes them in, intake after intake. */

export const HEADERS = {
  songs: "track_id,artists,album_name,track_name,duration_ms,track_genre",
  users: "user_id,user_name,user_age,user_country,created_at",
  streams: "user_id,track_id,listen_time",
} as const;

export const csv = (dataset: Dataset, ...records: string[]) =>
  `${[HEADERS[dataset], ...records].join("\n")}\n`;

export interface Drop {
  readonly dataset: Dataset;
  readonly bytes: string | Uint8Array;
  readonly sourceId?: string;
  readonly compression?: "none" | "gzip";
  /** What the head is read from, where the file's own beginning is damaged. */
  readonly head?: string;
}

export async function source(store: ObjectStore, drop: Drop, i: number): Promise<EngineSource> {
  const { dataset, compression = "none", sourceId = `source-${i}` } = drop;
  const bytes = Uint8Array.from(
    typeof drop.bytes === "string" ? Buffer.from(drop.bytes) : drop.bytes,
  );
  const inputKey = `runs/r/input/${sourceId}`;
  await store.put(inputKey, bytes);
  const isText = drop.head !== undefined;
  const opening = isText ? Buffer.from(drop.head) : bytes;
  const verdict = await validator.checkHead(
    dataset,
    (async function* () {
      yield Uint8Array.from(opening);
    })(),
    isText ? "none" : compression,
  );
  if (!verdict.ok) throw new Error(verdict.message);
  const key = `raw-data/${dataset}-${i}.csv`;
  return { sourceId, dataset, key, inputKey, compression, size: bytes.length, head: verdict.head };
}

export interface Bench extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly zone: Record<Dataset, DataFile[]>;
  readonly tempDirectory: string;
  open(options?: { plan?: Plan; signal?: AbortSignal }): Promise<EngineSession>;
  /** One intake: verdicts, and the zone grown by what was accepted. */
  take(drops: readonly Drop[], limits?: Partial<PlanLimits>): Promise<readonly SourceVerdict[]>;
  compute(dates: readonly string[], plan?: Plan): Promise<Computed>;
}

/** An object as text. */
export async function text(zone: Bench, key: string): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of (await zone.store.get(key)).body) parts.push(part);
  return Buffer.concat(parts).toString();
}

export interface Computed {
  readonly figures: Awaited<ReturnType<EngineSession["compute"]>>["figures"];
  readonly violations: Awaited<ReturnType<EngineSession["compute"]>>["violations"];
  readonly rows: Readonly<Record<string, readonly KpiRow[]>>;
}

export async function bench(plan = buildPlan()): Promise<Bench> {
  const store = memoryObjectStore();
  const tempDirectory = await mkdtemp(join(tmpdir(), "topline-test-"));
  const zone: Record<Dataset, DataFile[]> = { songs: [], users: [], streams: [] };
  const clock = { now: () => new Date("2024-06-26T12:00:00Z") };
  const engine = duckdbEngine({ store, tempDirectory, clock, threads: 2, memoryLimit: "500MB" });
  let intake = 0;
  const open: Bench["open"] = async (options = {}) =>
    engine.open(
      options.plan ?? plan,
      options.signal === undefined ? {} : { signal: options.signal },
    );
  return {
    store,
    zone,
    tempDirectory,
    open,
    async take(drops, limits) {
      await using session = await open();
      intake += 1;
      const sources = [];
      for (const [i, drop] of drops.entries()) sources.push(await source(store, drop, i));
      const verdicts = await session.ingest(sources, { ...plan.limits, ...limits });
      for (const table of DATASETS) {
        const options = { stem: `run-${intake}`, intake: BigInt(intake) };
        zone[table].push(...(await session.writeRows(table, options)));
      }
      return verdicts;
    },
    async compute(dates, other = plan) {
      await using session = await open({ plan: other });
      const { figures, violations } = await session.compute(zone, dates);
      const rows: Record<string, KpiRow[]> = {};
      for (const { name } of other.tables) {
        rows[name] = [];
        for (const date of dates) rows[name].push(...(await session.rows(name, date)));
      }
      return { figures, violations, rows };
    },
    async [Symbol.asyncDispose]() {
      const left = await readdir(tempDirectory);
      await rm(tempDirectory, { recursive: true });
      if (left.length > 0) throw new Error(`The sessions left ${left.join(", ")} behind.`);
    },
  };
}
