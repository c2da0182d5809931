import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { ToplineError } from "@topline/core/errors";

/**
 * What a file holds; `undefined` where there is none.
 *
 * @param writer who writes such files
 * @throws {ToplineError} `STATE_CORRUPT`
 */
export function readJsonFile<T>(path: string, writer: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new ToplineError(
      "STATE_CORRUPT",
      `${path} is not what ${writer} writes: ${String(error)}. Delete it: what it tells of is lost.`,
      { cause: error },
    );
  }
}

/** Replaces the file whole, and synchronously: what was checked before still holds when it is written. */
export function writeJsonFile(path: string, value: unknown): void {
  const draft = `${path}.draft`;
  writeFileSync(draft, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}
