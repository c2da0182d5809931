import { DATASETS, type Dataset } from "./datasets.ts";
import { ToplineError } from "./errors.ts";
import type { StepName } from "./report.ts";

/** Every key of the bucket, in one place. */

export const INBOX = "raw-data/";
export const RUNS = "runs/";
export const ZONE = "processed/";
export const QUARANTINE = "quarantine/";

const runIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** @throws {ToplineError} `RUN_ID_INVALID` */
export function assertRunId(runId: string): void {
  if (runIdPattern.test(runId)) return;
  throw new ToplineError(
    "RUN_ID_INVALID",
    `Run id ${JSON.stringify(runId)} is not valid: a letter or digit, then at most 127 letters, digits, dots, underscores or hyphens.`,
  );
}

/** `<UTC start, YYYYMMDDTHHMMSSmmmZ>-<8 hex>` */
export function newRunId(start: Date, random: string): string {
  return `${start.toISOString().replace(/[-:.]/g, "")}-${random}`;
}

export type Compression = "none" | "gzip";

export interface InboxKey {
  readonly dataset: Dataset;
  readonly compression: Compression;
  /** The key without `raw-data/`: its name in the archive. */
  readonly name: string;
}

const suffixes = { ".csv": "none", ".csv.gz": "gzip" } as const;

/** What a key of the inbox holds, or `undefined` for a key that is left alone. */
export function readInboxKey(key: string): InboxKey | undefined {
  if (!key.startsWith(INBOX)) return undefined;
  const name = key.slice(INBOX.length);
  const suffix = nameSuffix(name);
  if (suffix === undefined) return undefined;
  const compression = suffixes[suffix];
  const stem = name.slice(0, -suffix.length);
  for (const dataset of DATASETS) if (stem === dataset) return { dataset, compression, name };
  if (name.startsWith("streams/")) return { dataset: "streams", compression, name };
  return undefined;
}

function nameSuffix(name: string): keyof typeof suffixes | undefined {
  if (name.endsWith(".csv.gz")) return ".csv.gz";
  if (name.endsWith(".csv")) return ".csv";
  return undefined;
}

export const runFolder = (runId: string) => `${RUNS}${runId}/`;
export const inputFolder = (runId: string) => `${RUNS}${runId}/input/`;
export const planKey = (runId: string) => `${RUNS}${runId}/plan.json`;
export const manifestKey = (runId: string) => `${RUNS}${runId}/manifest.json`;
export const stepKey = (runId: string, step: StepName) => `${RUNS}${runId}/${step}.json`;
export const abandonmentKey = (runId: string) => `${RUNS}${runId}/abandon.json`;
export const reportKey = (runId: string) => `${RUNS}${runId}/report.json`;

export function inputKey(runId: string, sourceId: string, compression: Compression): string {
  return `${inputFolder(runId)}${sourceId}.csv${compression === "gzip" ? ".gz" : ""}`;
}

/** The folder of a job's code, by the hash of what is in it. */
export const jobCodeFolder = (hash: string) => `glue/${hash}/`;

/** The folder of a zone table, with its slash. */
export const zoneFolder = (table: Dataset) => `${ZONE}${table}/`;

/** The folder of a source's quarantined rows, with its slash. */
export const quarantineFolder = (sourceId: string) => `${QUARANTINE}source=${sourceId}/`;

export const ARCHIVE = `archive/${INBOX}`;
export const archiveFolder = (runDate: string) => `${ARCHIVE}${runDate}/`;
export const rejectedFolder = (runDate: string) => `rejected/${runDate}/`;
export const REJECTED = "rejected/";
export const reasonKey = (rejectedKey: string) => `${rejectedKey}.reason.json`;

/** The name that a newcomer gets where another source has its own: `a.csv` → `a~0123abcd.csv`. */
export function alternateName(name: string, sourceId: string, digits: number): string {
  const suffix = nameSuffix(name) ?? "";
  const stem = suffix === "" ? name : name.slice(0, -suffix.length);
  return `${stem}~${sourceId.slice(0, digits)}${suffix}`;
}
