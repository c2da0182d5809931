import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import {
  INBOX,
  mapConcurrently,
  type ObjectStore,
  readInboxKey,
  ToplineError,
} from "@topline/core";

export interface Uploaded {
  readonly keys: readonly string[];
  /** Files that are no users, songs or streams file: left where they are. */
  readonly ignored: readonly string[];
}

const PARALLEL = 4;

/**
 * Puts a directory, laid out as the inbox is, into the inbox.
 * @throws {ToplineError} `USAGE` when there is no such directory, or nothing in it to take
 */
export async function uploadDirectory(store: ObjectStore, directory: string): Promise<Uploaded> {
  const files = await filesOf(directory);
  const named = files.map((file) => ({
    file,
    key: INBOX + relative(directory, file).split(sep).join("/"),
  }));
  const known = named.filter(({ key }) => readInboxKey(key) !== undefined);
  if (known.length === 0) {
    throw new ToplineError(
      "USAGE",
      `${directory} holds no file to take in. Expected users.csv, songs.csv, streams.csv or streams/….csv, each also as .csv.gz.`,
    );
  }
  await mapConcurrently(known, PARALLEL, async ({ file, key }) => {
    await store.put(key, createReadStream(file), { contentType: "text/csv" });
  });
  const ignored = named.filter((entry) => !known.includes(entry)).map(({ file }) => file);
  return { keys: known.map(({ key }) => key), ignored };
}

async function filesOf(directory: string): Promise<string[]> {
  try {
    if (!(await stat(directory)).isDirectory()) throw new Error("it is not a directory");
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    throw new ToplineError("USAGE", `${directory} cannot be read: ${String(error)}`, {
      cause: error,
    });
  }
}
