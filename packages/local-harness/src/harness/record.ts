import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { pid } from "node:process";
import type { HarnessBackend } from "./backend.ts";

/** How to reach a running harness: `harness.json`, readable by its owner alone. */
export interface HarnessRecord {
  readonly pid: number;
  /** Where it listens for its users, on 127.0.0.1. */
  readonly port: number;
  /** Random; tells this harness from whatever else may listen on that port one day. */
  readonly token: string;
  /** For people who look; users are told the endpoints when they are let in. */
  readonly s3: string;
  readonly dynamodb: string;
  readonly glue: string;
  readonly lambda: string;
  readonly backend: HarnessBackend;
}

/** `undefined` where there is none, or none that makes sense: then no harness can be reached. */
export async function readRecord(path: string): Promise<HarnessRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(path, "utf8")) as Partial<HarnessRecord> | null;
    const { pid, port, token, s3, dynamodb, glue, lambda, backend = "embedded" } = record ?? {};
    if (typeof pid !== "number" || typeof port !== "number") return undefined;
    if (typeof token !== "string" || typeof s3 !== "string") return undefined;
    if (typeof dynamodb !== "string" || typeof glue !== "string") return undefined;
    if (typeof lambda !== "string") return undefined;
    return { pid, port, token, s3, dynamodb, glue, lambda, backend };
  } catch {
    return undefined;
  }
}

export function writeRecord(path: string, record: HarnessRecord): Promise<void> {
  return writeWhole(path, `${JSON.stringify(record, undefined, 2)}\n`);
}

/** Whole or absent: a reader never sees half of it. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${pid}`;
  try {
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
}

/** Whether a record is there and tells of the harness with this token. Failing to read it is no proof. */
export async function tellsOf(path: string, token: string): Promise<boolean> {
  try {
    return (await readFile(path, "utf8")).includes(token);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code !== "ENOENT" && code !== "ENOTDIR";
  }
}

export async function removeRecord(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => {});
}
