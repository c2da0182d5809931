import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Of code and layers of one function together, as they lie in Lambda. */
export const MOST_BYTES = 250 * 1024 ** 2;

/** Of all files in a folder. */
export async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}
