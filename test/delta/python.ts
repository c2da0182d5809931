import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Dataset } from "../../packages/core/src/index.ts";
import type { Deployment } from "./deployment.ts";
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

/**
 * Runs a script with one argument, which is JSON, and reads the JSON that it prints.
 * @throws {Error} with what it wrote to stderr, unless it exits with 0
 */
export async function runScript<T>(python: string, name: string, argument: unknown): Promise<T> {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(python, [script, JSON.stringify(argument)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: "/usr/bin:/bin", AWS_EC2_METADATA_DISABLED: "true" },
  });
  const closed = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await closed) as [number | null];
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
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
