import { setTimeout as delay } from "node:timers/promises";
import { DatabaseSync } from "node:sqlite";

/** A lock that the kernel holds for this process and drops when the process ends, however it ends. */
export interface DirectoryLock {
  release(): void;
}

const RETRY_MS = 15;
/** SQLite's own words for its code 5; Deno's `node:sqlite` gives no code. */
const SQLITE_BUSY = "database is locked";
/** SQLite opens no path of more than 512 bytes; it also needs room for the name of a journal. */
const LONGEST_PATH_BYTES = 490;

/**
 * Takes the lock, waiting for its holder. `undefined` when `signal` aborts first.
 *
 * It is SQLite's file lock, the one such lock that Node and Deno offer on every platform. A file
 * with a process id in it would not do: ids are used again, and a killed process leaves its file.
 *
 * @throws {Error} when the lock file cannot be opened; not a `ToplineError`, since those who wait for
 *   the lock load nothing that they may not need
 */
export async function takeLock(
  path: string,
  signal: AbortSignal,
): Promise<DirectoryLock | undefined> {
  const bytes = new TextEncoder().encode(path).byteLength;
  if (bytes > LONGEST_PATH_BYTES) {
    throw new Error(
      `The path ${path} has ${bytes} bytes; a lock file's may have ${LONGEST_PATH_BYTES}. Choose a state directory nearer to the root.`,
    );
  }
  while (!signal.aborted) {
    const lock = tryLock(path);
    if (lock !== undefined) return lock;
    await delay(RETRY_MS, undefined, { signal }).catch(() => {});
  }
  return undefined;
}

/** Opens the file anew at each try: the one that was there may have been deleted with its directory. */
function tryLock(path: string): DirectoryLock | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if (isBusy(error)) return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `The lock file ${path} cannot be used: ${reason}. Its directory must be writable; a damaged lock file may be deleted.`,
      { cause: error },
    );
  }
  const held = database;
  return { release: () => held.close() };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && error.message === SQLITE_BUSY;
}
