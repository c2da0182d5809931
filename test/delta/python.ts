import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Dataset } from "../../packages/core/src/index.ts";
import type { Deployment } from "../deployment.ts";
import type { Versions } from "./rows.ts";

/** Judges and writers that Topline did not make: Python scripts beside this file, over the harness's S3. */

/** What the scripts need to reach the bucket. */
export const storageOf = ({ endpoints }: Deployment): Record<string, string> => ({
  AWS_ENDPOINT_URL: endpoints.s3,
  AWS_REGION: endpoints.region,
  AWS_ACCESS_KEY_ID: endpoints.accessKeyId,
  AWS_SECRET_ACCESS_KEY: endpoints.secretAccessKey,
  AWS_ALLOW_HTTP: "true",
});

export const addressOf = ({ endpoints }: Deployment, table: Dataset): string =>
  `s3://${endpoints.bucket}/processed/${table}`;

export interface RunningScript {
  /** What it prints, as it does. */
  readonly lines: AsyncIterable<string>;
  /** What it printed. Rejects with what it wrote to stderr, unless it exits with 0. */
  readonly finished: Promise<string>;
}

/** A script of this folder, with one argument, which is JSON. */
export function startScript(python: string, name: string, argument: unknown): RunningScript {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(python, [script, JSON.stringify(argument)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: "/usr/bin:/bin", AWS_EC2_METADATA_DISABLED: "true" },
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (printed += chunk));
  const lines = createInterface({ input: child.stdout });
  const finished = Promise.all([
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]).then(([stderr, [code]]) => {
    if (code === 0) return printed;
    throw new Error(`${name} ended with ${code}: ${stderr}`);
  });
  finished.catch(() => {});
  return { lines, finished };
}

/** Runs a script to its end, and reads the JSON that it prints. */
export async function runScript<T>(python: string, name: string, argument: unknown): Promise<T> {
  return JSON.parse(await startScript(python, name, argument).finished) as T;
}

export const READERS = ["delta-rs", "polars"] as const;
export type Reader = (typeof READERS)[number];

/** Every version of some tables, as each of the readers tells it. */
export function judge<R extends Reader>(
  python: string,
  deployment: Deployment,
  tables: readonly Dataset[],
  { readers, first = 0 }: { readonly readers: readonly R[]; readonly first?: number },
): Promise<Readonly<Record<R, Record<Dataset, Versions>>>> {
  return runScript(python, "read_versions.py", {
    storage: storageOf(deployment),
    tables: Object.fromEntries(tables.map((table) => [table, addressOf(deployment, table)])),
    readers,
    first,
  });
}
