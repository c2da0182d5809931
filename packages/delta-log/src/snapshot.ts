import {
  type DataFile,
  type Dataset,
  mapConcurrently,
  type ZoneCommit,
  type ZoneSnapshot,
} from "@topline/core";
import { corrupt, forFeatures, type LogActions, type Protocol } from "./actions.ts";
import { checkpointBefore, type DeltaLog, gone, type LogListing } from "./log.ts";
import type { TableMetadata } from "./schema.ts";

/** How many log entries are read at once. */
export const PARALLEL = 16;

/** The last moment that a `Date` has. */
const END_OF_TIME = 8.64e15;

/** A table at one version: what replaying its log up to there gives (PROTOCOL.md, "Action Reconciliation"). */
export interface TableState {
  readonly version: number;
  readonly protocol: Protocol | undefined;
  readonly metadata: TableMetadata | undefined;
  readonly fence: bigint;
  readonly files: ReadonlyMap<string, DataFile>;
  /** When the others left that the replayed files name, as epoch milliseconds; the end of time where nobody says. */
  readonly gone: ReadonlyMap<string, number>;
}

export interface History {
  /** The table at the last version. */
  readonly state: TableState;
  /** After the first version, oldest first. */
  readonly commits: readonly ZoneCommit[];
}

/**
 * The commits after version `from` up to and with `to`, and the table at `to`.
 * @throws {ToplineError} `VERSION_UNREADABLE`; `STATE_CORRUPT`; `CONFIG_INVALID` where a checkpoint's codec is missing
 */
export async function history(
  log: DeltaLog,
  listing: LogListing,
  from: number,
  to: number,
): Promise<History> {
  assertKnown(log.table, listing, from);
  assertKnown(log.table, listing, to);
  const replay = await replayTo(log, listing, from);
  const commits: ZoneCommit[] = [];
  for (const actions of await readEntries(log, listing, from, to)) {
    commits.push(replay.apply(actions));
  }
  return { state: replay.state(), commits };
}

/**
 * The newest state, with every file that left after a time, as far as the log still tells of it. A checkpoint no longer
 * tells of files that left long before it was written; one that was written before that time lacks none of these.
 */
export async function stateWithRemovals(log: DeltaLog, since: number): Promise<TableState> {
  const listing = await log.list(-1);
  const { checkpoints: all, checkpointTimes, first, newest } = listing;
  const oldest = Math.min(...all.keys());
  const checkpoints = new Map(
    [...all].filter(([version]) => {
      const isOnlyWay = version === oldest && first > 0;
      return isOnlyWay || (checkpointTimes.get(version) ?? 0) <= since;
    }),
  );
  return (await history(log, { ...listing, checkpoints }, newest, newest)).state;
}

export const toSnapshot = (table: Dataset, state: TableState): ZoneSnapshot => ({
  table,
  version: state.version,
  files: [...state.files.values()],
  fence: state.fence,
});

/** The table as it is before its first entry, or as the newest checkpoint shows it, then entry by entry. */
async function replayTo(log: DeltaLog, listing: LogListing, version: number): Promise<Replay> {
  const replay = new Replay(log.table);
  const base = baseOf(log, listing, version);
  if (base >= 0) replay.begin(base, await log.checkpoint(base, listing));
  for (const actions of await readEntries(log, listing, base, version)) replay.apply(actions);
  return replay;
}

/** The version to replay from: that of a checkpoint, or -1 for the beginning. */
function baseOf({ table, hasCodec }: DeltaLog, listing: LogListing, version: number): number {
  if (version < 0) return -1;
  const { first } = listing;
  const checkpoint = checkpointBefore(listing, version);
  const base = hasCodec || first > 0 ? checkpoint : -1;
  if (base === version || first <= base + 1) return base;
  throw gone(
    table,
    version,
    `its log begins at entry ${first}, and no classic checkpoint leads up to it`,
  );
}

function readEntries(
  log: DeltaLog,
  listing: LogListing,
  after: number,
  to: number,
): Promise<LogActions[]> {
  const versions = Array.from({ length: Math.max(0, to - after) }, (_, at) => after + 1 + at);
  return mapConcurrently(versions, PARALLEL, (version) => log.entry(version, listing));
}

function assertKnown(table: Dataset, { newest }: LogListing, version: number): void {
  if (Number.isInteger(version) && version >= -1 && version <= newest) return;
  throw gone(
    table,
    version,
    newest === -1 ? "the table does not exist yet" : `the newest version is ${newest}`,
  );
}

class Replay {
  readonly #table: Dataset;
  readonly #files = new Map<string, DataFile>();
  readonly #gone = new Map<string, number>();
  #version = -1;
  #protocol: Protocol | undefined;
  #metadata: TableMetadata | undefined;
  #fence = 0n;

  constructor(table: Dataset) {
    this.#table = table;
  }

  /** Starts from a checkpoint; what it removed is named, and nothing else is known of it. */
  begin(version: number, checkpoint: LogActions): void {
    this.apply(checkpoint);
    this.#version = version;
  }

  /** A removal of a path that is not live changes nothing, and so is no part of the commit. */
  apply({ protocol, metadata, fence, info, added, removed }: LogActions): ZoneCommit {
    this.#version += 1;
    this.#protocol = protocol ?? this.#protocol;
    this.#metadata = metadata ?? this.#metadata;
    if (fence !== undefined && fence > this.#fence) this.#fence = fence;
    const left: DataFile[] = [];
    for (const { path, deletedAt = END_OF_TIME } of removed) {
      const file = this.#files.get(path);
      if (file !== undefined) left.push(file);
      this.#files.delete(path);
      this.#gone.set(path, deletedAt);
    }
    for (const { file } of added) {
      this.#files.set(file.path, file);
      this.#gone.delete(file.path);
    }
    return {
      version: this.#version,
      info,
      added: added.map(({ file }) => file),
      removed: left,
      dataChange: [...added, ...removed].some((action) => action.dataChange),
    };
  }

  state(): TableState {
    if (this.#version >= 0) assertReadable(this.#table, this.#protocol, this.#metadata);
    return {
      version: this.#version,
      protocol: this.#protocol,
      metadata: this.#metadata,
      fence: this.#fence,
      files: this.#files,
      gone: this.#gone,
    };
  }
}

function assertReadable(
  table: Dataset,
  protocol: Protocol | undefined,
  metadata: TableMetadata | undefined,
): void {
  const where = `The Delta log of ${table}`;
  if (protocol === undefined) throw corrupt(where, "no entry names its protocol");
  if (metadata === undefined) throw corrupt(where, "no entry holds the table's metaData");
  const { minReaderVersion, readerFeatures } = protocol;
  if (minReaderVersion <= 1) return;
  throw corrupt(
    where,
    `it asks for reader version ${minReaderVersion}${forFeatures(readerFeatures)}, and this one has 1 (no column mapping, deletion vectors or other table features)`,
  );
}
