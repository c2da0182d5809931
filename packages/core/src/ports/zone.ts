import type { Dataset } from "../datasets.ts";

/** One live Parquet file of a zone table. */
export interface DataFile {
  /** Relative to the table's folder, as the object's key spells it. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Epoch milliseconds. */
  readonly modificationTime: number;
  /** `{ date: "2024-06-25" }` in `streams`, `{}` in the others. */
  readonly partition: Readonly<Record<string, string | null>>;
  readonly records: bigint;
}

export interface CommitInfo {
  readonly runId: string;
  /** `append`, `compact`, `retract`, `replay`, `erase`. */
  readonly operation: string;
  /** Name and version of what wrote the files. */
  readonly engine: string;
  readonly planHash: string;
  /** Epoch milliseconds. */
  readonly timestamp: number;
}

export interface ZoneSnapshot {
  readonly table: Dataset;
  /** The last commit that this shows; -1 while the table does not exist. */
  readonly version: number;
  readonly files: readonly DataFile[];
  /** The greatest fencing token that has committed; 0 when none has. */
  readonly fence: bigint;
}

/** What one commit did. */
export interface ZoneCommit {
  readonly version: number;
  /** Absent in commits that others wrote without it. */
  readonly info: CommitInfo | undefined;
  readonly added: readonly DataFile[];
  readonly removed: readonly DataFile[];
  /** False when the set of rows stayed as it was (compaction). */
  readonly dataChange: boolean;
}

export interface ZoneActions {
  readonly add: readonly DataFile[];
  /** Files that are live in the snapshot. */
  readonly remove: readonly DataFile[];
  readonly dataChange: boolean;
}

export interface CommitRequest {
  readonly info: CommitInfo;
  /** The committer's fencing token. */
  readonly fence: bigint;
  /** The committer asks for what was committed after this version. */
  readonly since: number;
  /**
   * Called with the newest state, again after every lost race. `undefined`: nothing is to be committed.
   */
  readonly decide: (
    latest: ZoneSnapshot,
    commits: readonly ZoneCommit[],
  ) => ZoneActions | undefined | Promise<ZoneActions | undefined>;
}

/** The processed zone: three tables, changed by atomic commits. */
export interface Zone {
  /**
   * @throws {ToplineError} `VERSION_UNREADABLE` when the log no longer tells that version;
   * `STATE_CORRUPT` when an entry is not a Delta log's
   */
  snapshot(table: Dataset, version?: number): Promise<ZoneSnapshot>;

  /**
   * The commits after version `from` up to and with `to`, oldest first.
   * @throws {ToplineError} `VERSION_UNREADABLE`
   */
  commits(table: Dataset, from: number, to: number): Promise<readonly ZoneCommit[]>;

  /**
   * Puts the next log entry if nobody else has; otherwise rereads and decides again.
   * @returns the version after it: that of the commit, or the newest when nothing was to be committed
   * @throws {ToplineError} `LEASE_LOST` when the log holds a greater fencing token
   */
  commit(table: Dataset, request: CommitRequest): Promise<number>;
}

/** A zone that can be kept small, and quick to open. */
export interface MaintainedZone extends Zone {
  /**
   * Has the newest version readable without most of the commits that lead up to it, where there are so many that it
   * pays. Changes nothing of what anybody reads.
   * @param now files that left long before it are no longer told of
   * @returns the version, or `undefined` where nothing was written
   */
  checkpoint(table: Dataset, now: Date): Promise<number | undefined>;

  /**
   * Paths of the data files that are live now, or were in a version that was the newest at `since` or later. Whatever
   * else lies in the table's folder no such version needs.
   */
  needed(table: Dataset, since: Date): Promise<ReadonlySet<string>>;
}
