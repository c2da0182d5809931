import { Buffer } from "node:buffer";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mapConcurrently, type ObjectStore } from "@topline/core";
import { z } from "zod";
import { type Machine, thisMachine } from "../machine.ts";
import { openDeployment } from "../measure/deployment.ts";
import type { Cost } from "../measure/process.ts";
import { type Case, casesAt, type HugeFile, limitAt } from "./cases.ts";

export interface TortureResult {
  readonly name: string;
  readonly files: number;
  /** As they came, before gzip is undone. */
  readonly bytes: number;
  readonly rows: number;
  readonly accepted: number;
  readonly quarantined: number;
  /** Files that were refused whole, by code. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Of `topline run`, from the start of its process to its end. */
  readonly seconds: number;
  readonly cpu_seconds: number;
  readonly peak_bytes: number;
  readonly harness_peak_bytes: number;
}

export interface TortureBenchmark {
  readonly measured_at: string;
  readonly machine: Machine;
  readonly scale: number;
  /** Of every case whose run told what it found. */
  readonly results: readonly TortureResult[];
  /** Each other than it must be, with the case's name; empty: all is as it must be. */
  readonly faults: readonly string[];
}

export interface TortureOptions {
  /** Sizes and numbers are divided by it. */
  readonly scale: number;
  /** Where state and spilled data lie for as long as this takes. */
  readonly directory: string;
  readonly tell: (message: string) => void;
}

/** What a run may have resident, whatever it reads: DuckDB's 1 GB, and as much again for all that is beside it. */
const PEAK_LIMIT = 2 * 2 ** 30;

/** Files that are uploaded at a time. */
const PARALLEL = 16;

/**
 * Each case is a drop and a run of its own, one after the other into one zone. One that goes wrong keeps none from
 * its turn.
 */
export async function benchTorture(options: TortureOptions): Promise<TortureBenchmark> {
  const { scale, directory, tell } = options;
  const machine = thisMachine();
  await mkdir(directory, { recursive: true });
  const folder = await mkdtemp(join(directory, "torture-"));
  const results: TortureResult[] = [];
  const faults: string[] = [];
  let listens = 0;
  try {
    const config = join(folder, "topline.config.mjs");
    await writeFile(config, `export default { maxSourceBytes: ${limitAt(scale)} };\n`);
    await using deployment = await openDeployment(folder);
    await putCatalogue(deployment.store);
    for (const one of casesAt(scale)) {
      tell(`${one.name}: uploading`);
      const bytes = await upload(deployment.store, one.files);
      tell(`${one.name}: ${(bytes / 1e6).toFixed(1)} MB; running`);
      try {
        const { cost, server, stdout } = await deployment.topline(
          "--config",
          config,
          "run",
          "--json",
        );
        const report = reportSchema.parse(JSON.parse(stdout));
        listens = report.dates.reduce((sum, date) => sum + date.listens, 0);
        const result = resultOf(one, bytes, report, {
          ...cost,
          harnessPeakBytes: server?.peakBytes ?? 0,
        });
        tell(`${one.name}: ${result.seconds.toFixed(1)} s`);
        results.push(result);
        faults.push(...faultsOf(one, report, cost));
      } catch (error) {
        faults.push(`${one.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  }
  // No listen is another's, and the last run computes every date of the zone.
  const accepted = results.reduce((sum, result) => sum + result.accepted, 0);
  if (listens !== accepted) {
    faults.push(`zone: it has ${listens} listens, and ${accepted} were accepted`);
  }
  return { measured_at: new Date().toISOString(), machine, scale, results, faults };
}

/** So that no run waits for a dataset. Its tracks are not those of the cases: the tables stay small. */
async function putCatalogue(store: ObjectStore): Promise<void> {
  const songs =
    "track_id,artists,album_name,track_name,duration_ms,track_genre\ntrack-000,a,b,c,1000,pop\n";
  const users = "user_id,user_name,user_age,user_country,created_at\nu,,,,\n";
  await store.put("raw-data/songs.csv", Buffer.from(songs));
  await store.put("raw-data/users.csv", Buffer.from(users));
}

async function upload(store: ObjectStore, files: readonly HugeFile[]): Promise<number> {
  let bytes = 0;
  async function* counted(body: AsyncIterable<Uint8Array>) {
    for await (const piece of body) {
      bytes += piece.byteLength;
      yield piece;
    }
  }
  await mapConcurrently(files, PARALLEL, async ({ key, body }) => {
    await store.put(key, counted(body()));
  });
  return bytes;
}

const reportSchema = z.object({
  status: z.string(),
  sources: z.array(
    z.object({
      key: z.string(),
      rows: z.number(),
      accepted: z.number(),
      quarantined: z.record(z.string(), z.number()),
      rejected: z.string().nullable(),
    }),
  ),
  dates: z.array(z.object({ listens: z.number() })),
});
type Report = z.infer<typeof reportSchema>;

function resultOf(
  { name, files }: Case,
  bytes: number,
  { sources }: Report,
  cost: Cost & { readonly harnessPeakBytes: number },
): TortureResult {
  const keys = new Set(files.map(({ key }) => key));
  const own = sources.filter(({ key }) => keys.has(key));
  const taken = own.filter(({ rejected }) => rejected === null);
  const sum = (of: (source: Report["sources"][number]) => number) =>
    taken.reduce((total, source) => total + of(source), 0);
  const rejected: Record<string, number> = {};
  for (const { rejected: code } of own) {
    if (code !== null) rejected[code] = (rejected[code] ?? 0) + 1;
  }
  return {
    name,
    files: files.length,
    bytes,
    rows: sum(({ rows }) => rows),
    accepted: sum(({ accepted }) => accepted),
    quarantined: sum(({ quarantined }) => quarantined["malformed"] ?? 0),
    rejected,
    seconds: cost.seconds,
    cpu_seconds: cost.cpuSeconds,
    peak_bytes: cost.peakBytes,
    harness_peak_bytes: cost.harnessPeakBytes,
  };
}

/** What the report, or the memory of the run, is other than the case expects. */
export function faultsOf(
  { name, files }: Case,
  report: Report,
  { peakBytes }: Pick<Cost, "peakBytes">,
): string[] {
  const faults: string[] = [];
  if (report.status !== "succeeded") faults.push(`the run is ${report.status}`);
  const sources = new Map(report.sources.map((source) => [source.key, source]));
  for (const { key, expected } of files) {
    const source = sources.get(key);
    if (source === undefined) {
      faults.push(`the report lacks ${key}`);
    } else if (source.rejected !== expected.rejected) {
      faults.push(`${key} is ${source.rejected ?? "taken"}, not ${expected.rejected ?? "taken"}`);
    } else if (expected.rejected === null) {
      const { accepted, malformed } = expected;
      const found = [source.rows, source.accepted, source.quarantined["malformed"] ?? 0].join();
      const wanted = [accepted + malformed, accepted, malformed].join();
      if (found !== wanted) {
        faults.push(`${key} has rows, accepted, malformed ${found}, not ${wanted}`);
      }
    }
  }
  if (peakBytes > PEAK_LIMIT) {
    faults.push(`the run had ${peakBytes} bytes resident; ${PEAK_LIMIT} are allowed`);
  }
  return faults.map((fault) => `${name}: ${fault}`);
}
