import { readFile, rm } from "node:fs/promises";
import { writeWhole } from "./record.ts";

/**
 * How far a harness is that comes up slowly: `harness.progress`, one line. It is a file, since not only the
 * process that started the harness waits for it.
 */
export async function writeProgress(path: string, message: string): Promise<void> {
  // Nobody is worse off without it.
  await writeWhole(path, `${message}\n`).catch(() => {});
}

export async function removeProgress(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => {});
}

/** @returns a function that yields what was written since it was last called; at first, what a dead one left counts as old */
export function progressReader(path: string): () => Promise<string | undefined> {
  let last: string | undefined;
  let isFirst = true;
  return async () => {
    const text = await readFile(path, "utf8").catch(() => undefined);
    const isNews = !isFirst && text !== undefined && text !== last;
    isFirst = false;
    last = text ?? last;
    return isNews ? text.trimEnd() : undefined;
  };
}
