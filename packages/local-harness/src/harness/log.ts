import { copyFile, stat, truncate } from "node:fs/promises";
import { closeSync, openSync, readSync, statSync } from "node:fs";

const LARGEST_LOG_BYTES = 1_048_576;
const TAIL_BYTES = 2_000;

/** Moves a log that has grown large to `<log>.1`. Its writers append, so they go on at the start. */
export async function boundLog(path: string, largest = LARGEST_LOG_BYTES): Promise<void> {
  const size = await stat(path).then(
    (status) => status.size,
    () => 0,
  );
  if (size <= largest) return;
  await copyFile(path, `${path}.1`).catch(() => {});
  await truncate(path).catch(() => {});
}

/** The last lines that were written after `start`, a size in bytes. */
export function logTail(path: string, start: number): string {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const { size } = statSync(path);
    const from = Math.max(size < start ? 0 : start, size - TAIL_BYTES);
    const bytes = new Uint8Array(Math.max(0, size - from));
    const length = readSync(file, bytes, 0, bytes.length, from);
    return new TextDecoder().decode(bytes.subarray(0, length)).trim();
  } catch {
    return "";
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
