import { type Dataset, type ObjectStore, ToplineError, zoneFolder } from "@topline/core";
import type { ActionCache } from "./action-cache.ts";
import { corrupt, type LogActions, readActions } from "./actions.ts";
import type { CheckpointCodec, CheckpointRow } from "./checkpoint-codec.ts";

/** What a listing of `_delta_log/` shows. */
export interface LogListing {
  /** ETags of the log entries, by version. */
  readonly entries: ReadonlyMap<number, string>;
  /** ETags of the classic checkpoints, by version. */
  readonly checkpoints: ReadonlyMap<number, string>;
  /** When those were written, as epoch milliseconds. */
  readonly checkpointTimes: ReadonlyMap<number, number>;
  /** The oldest entry of those listed; infinite where there is none. */
  readonly first: number;
  /** The newest version that the log tells of; -1 where there is no table. */
  readonly newest: number;
}

export interface DeltaLog {
  readonly table: Dataset;
  readonly hasCodec: boolean;
  /**
   * Of a long log only what is from its last checkpoint on, where that leads to every version asked for.
   * @param oldest the least version that is asked for. Default: the newest there is
   */
  list(oldest?: number): Promise<LogListing>;
  /** @throws {ToplineError} `VERSION_UNREADABLE`, `STATE_CORRUPT` */
  entry(version: number, listing: LogListing): Promise<LogActions>;
  /** @throws {ToplineError} `CONFIG_INVALID` without a codec; `STATE_CORRUPT` */
  checkpoint(version: number, listing: LogListing): Promise<LogActions>;
  /** The entry as it was written, or `undefined` while nobody has. */
  text(version: number): Promise<string | undefined>;
  /** @throws {ToplineError} `OBJECT_EXISTS` when somebody else has put that entry */
  put(version: number, text: string): Promise<void>;
  /** Every action of an entry as it was written. */
  rawEntry(version: number): Promise<unknown[]>;
  /** Every action of a checkpoint as it was written, columns that are null left out. */
  rawCheckpoint(version: number): Promise<unknown[]>;
  /** Of a version there is one checkpoint, whoever wrote it: where it is there, it stays. */
  putCheckpoint(
    version: number,
    rows: readonly CheckpointRow[],
    told: { readonly files: number },
  ): Promise<void>;
}

export interface DeltaLogOptions {
  readonly store: ObjectStore;
  readonly table: Dataset;
  readonly cache: ActionCache;
  readonly checkpoints?: CheckpointCodec | undefined;
}

const entryName = /^([0-9]{20})\.json$/;
const checkpointName = /^([0-9]{20})\.checkpoint\.parquet$/;

/** Files of a log of which the whole listing is taken: S3 gives as many at once. */
const PAGE = 1_000;

/**
 * The files of one table's log. A listing that is longer than a page is begun anew at the checkpoint that
 * `_last_checkpoint` points to: nothing else is needed of it.
 */
export function deltaLog({ store, table, cache, checkpoints: codec }: DeltaLogOptions): DeltaLog {
  const folder = `${zoneFolder(table)}_delta_log/`;
  const entryKey = (version: number) => `${folder}${padded(version)}.json`;
  const checkpointKey = (version: number) => `${folder}${padded(version)}.checkpoint.parquet`;

  async function read(
    key: string,
    listed: string | undefined,
    rows: (body: AsyncIterable<Uint8Array>) => AsyncIterable<unknown>,
  ): Promise<LogActions> {
    const cached = listed === undefined ? undefined : cache.get(key, listed);
    if (cached !== undefined) return cached;
    const { body, etag, size } = await store.get(key);
    const actions = await readActions(key, rows(body));
    cache.set(key, { etag, size, actions });
    return actions;
  }

  /** `undefined` where there are more than `atMost`, or just as many. */
  async function listed({
    startAfter,
    atMost = Number.POSITIVE_INFINITY,
  }: { startAfter?: string; atMost?: number | undefined } = {}): Promise<LogListing | undefined> {
    const entries = new Map<number, string>();
    const checkpoints = new Map<number, string>();
    const checkpointTimes = new Map<number, number>();
    let count = 0;
    for await (const { key, etag, lastModified } of store.list(
      folder,
      startAfter === undefined ? {} : { startAfter },
    )) {
      const name = key.slice(folder.length);
      const entry = entryName.exec(name)?.[1];
      const checkpoint = checkpointName.exec(name)?.[1];
      if (entry !== undefined) entries.set(Number(entry), etag);
      if (checkpoint !== undefined) {
        checkpoints.set(Number(checkpoint), etag);
        checkpointTimes.set(Number(checkpoint), lastModified.getTime());
      }
      count += 1;
      if (count >= atMost) return undefined;
    }
    const first = least(entries.keys());
    const newest = newestOf(entries, checkpoints);
    return { entries, checkpoints, checkpointTimes, first, newest };
  }

  /** What `_last_checkpoint` says, should it be there and say it. */
  async function lastCheckpoint(): Promise<number | undefined> {
    const key = `${folder}_last_checkpoint`;
    try {
      const { body } = await store.get(key);
      const found = JSON.parse(await collectText(key, body)) as {
        readonly version?: unknown;
      } | null;
      return typeof found?.version === "number" ? found.version : undefined;
    } catch (error) {
      // It is a help, and no more: without it the whole log is listed.
      if (error instanceof SyntaxError) return undefined;
      if (ToplineError.is(error, "OBJECT_NOT_FOUND", "STATE_CORRUPT")) return undefined;
      throw error;
    }
  }

  return {
    table,
    hasCodec: codec !== undefined,

    async list(oldest = Number.POSITIVE_INFINITY) {
      const whole = await listed({ atMost: codec === undefined ? undefined : PAGE });
      if (whole !== undefined) return whole;
      const last = await lastCheckpoint();
      if (last !== undefined && last <= oldest) {
        const part = await listed({ startAfter: folder + padded(last) });
        if (part?.checkpoints.has(last) === true) return part;
      }
      return (await listed()) ?? NOTHING;
    },

    async entry(version, listing) {
      const key = entryKey(version);
      try {
        return await read(key, listing.entries.get(version), (body) => jsonLines(key, body));
      } catch (error) {
        if (!ToplineError.is(error, "OBJECT_NOT_FOUND")) throw error;
        if (!listing.entries.has(version)) throw corrupt(key, "an entry is missing between others");
        throw gone(table, version, "its log entry was removed while it was read; ask again");
      }
    },

    async checkpoint(version, listing) {
      const key = checkpointKey(version);
      if (codec === undefined) throw codecMissing(key, listing);
      return read(key, listing.checkpoints.get(version), (body) => codec.read(body));
    },

    async text(version) {
      try {
        const { body } = await store.get(entryKey(version));
        return await collectText(entryKey(version), body);
      } catch (error) {
        if (ToplineError.is(error, "OBJECT_NOT_FOUND")) return undefined;
        throw error;
      }
    },

    async put(version, text) {
      await store.put(entryKey(version), encode(text), {
        ifNoneMatch: "*",
        contentType: JSON_TYPE,
      });
    },

    async rawEntry(version) {
      const key = entryKey(version);
      const { body } = await store.get(key);
      return Array.fromAsync(jsonLines(key, body));
    },

    async rawCheckpoint(version) {
      const { body } = await store.get(checkpointKey(version));
      return Array.fromAsync(present(codec).read(body), withoutNulls);
    },

    async putCheckpoint(version, rows, { files }) {
      const key = checkpointKey(version);
      try {
        await store.put(key, present(codec).write(rows), { ifNoneMatch: "*" });
      } catch (error) {
        if (!ToplineError.is(error, "OBJECT_EXISTS")) throw error;
      }
      const last = { version, size: rows.length, numOfAddFiles: files };
      const pointer = encode(`${JSON.stringify(last)}\n`);
      await store.put(`${folder}_last_checkpoint`, pointer, { contentType: JSON_TYPE });
    },
  };
}

const JSON_TYPE = "application/json";

const encode = (text: string) => new TextEncoder().encode(text);

function present(codec: CheckpointCodec | undefined): CheckpointCodec {
  if (codec !== undefined) return codec;
  throw new ToplineError("INTERNAL", "A checkpoint was asked for where nothing knows Parquet.");
}

/** Parquet has a null for every field that a row does not have; within maps they are values. */
function withoutNulls(row: unknown): unknown {
  if (typeof row !== "object" || row === null) return row;
  return Object.fromEntries(
    Object.entries(row)
      .filter(([, fields]) => fields !== null)
      .map(([action, fields]) => [action, withoutNullFields(fields)]),
  );
}

function withoutNullFields(fields: unknown): unknown {
  if (typeof fields !== "object" || fields === null) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** The newest checkpoint at or before `version`; -1 where there is none. */
export const checkpointBefore = ({ checkpoints }: LogListing, version: number): number =>
  Math.max(-1, ...[...checkpoints.keys()].filter((at) => at <= version));

const NOTHING: LogListing = {
  entries: new Map(),
  checkpoints: new Map(),
  checkpointTimes: new Map(),
  first: Number.POSITIVE_INFINITY,
  newest: -1,
};

const padded = (version: number) => String(version).padStart(20, "0");

const least = (versions: Iterable<number>) => {
  let found = Number.POSITIVE_INFINITY;
  for (const version of versions) found = Math.min(found, version);
  return found;
};

function newestOf(...files: readonly ReadonlyMap<number, string>[]): number {
  let found = -1;
  for (const versions of files)
    for (const version of versions.keys()) found = Math.max(found, version);
  return found;
}

async function* jsonLines(key: string, body: AsyncIterable<Uint8Array>): AsyncGenerator {
  const lines = (await collectText(key, body)).split("\n");
  for (const [at, line] of lines.entries()) {
    if (line.trim() === "") continue;
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch (cause) {
      throw corrupt(`${key}, line ${at + 1}`, "it is not JSON", cause);
    }
    yield row;
  }
}

async function collectText(key: string, body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  for await (const chunk of body)
    text += decode(key, () => decoder.decode(chunk, { stream: true }));
  return text + decode(key, () => decoder.decode());
}

function decode(key: string, part: () => string): string {
  try {
    return part();
  } catch (cause) {
    throw corrupt(key, "it is not UTF-8", cause);
  }
}

export function gone(table: Dataset, version: number, why: string): ToplineError {
  return new ToplineError(
    "VERSION_UNREADABLE",
    `Version ${version} of the zone table ${table} cannot be read: ${why}.`,
  );
}

function codecMissing(key: string, { first }: LogListing): ToplineError {
  const begin = Number.isFinite(first) ? `begins at entry ${first}` : "has no entries";
  return new ToplineError(
    "CONFIG_INVALID",
    `The log ${begin}, so it can only be read from its checkpoint ${key}, and there is nothing to read Parquet with. Pass a CheckpointCodec: deltaZone({ store, checkpoints }).`,
  );
}
