import type { Dataset } from "../datasets.ts";
import type { RunSummary } from "../report.ts";

/** The right to change things, for a while. */
export interface Lease {
  /** Greater with every taking, whoever takes it: the fencing token. */
  readonly token: bigint;
  readonly holder: string;
  readonly expiresAt: Date;
}

/** What the KPI tables show: these versions of the zone under this plan. */
export interface Cursor {
  readonly zone: Readonly<Record<Dataset, number>>;
  readonly planHash: string;
}

export type SourceState = "accepted" | "rejected" | "retracted";

/** A source that a run took in or refused. */
export interface SourceRecord {
  readonly sourceId: string;
  readonly key: string;
  readonly dataset: Dataset;
  readonly runId: string;
  readonly intake: bigint;
  readonly archivedTo: string;
  readonly state: SourceState;
}

/**
 * Who may work, what is open, what is published, and what has been done. One pipeline.
 * Calls that take a lease change nothing once a newer one was given: they throw `LEASE_LOST`.
 */
export interface RunLedger {
  /** @throws {ToplineError} `LEASE_HELD`, naming the holder and the expiry, while another's has not expired */
  acquire(holder: string, seconds: number): Promise<Lease>;
  /** @throws {ToplineError} `LEASE_LOST` */
  renew(lease: Lease, seconds: number): Promise<Lease>;
  /** Ends the lease if it is still held; a lost one is already at its end. */
  release(lease: Lease): Promise<void>;
  /** Who holds the lease now, expired or not. */
  holder(): Promise<Lease | undefined>;
  /** @throws {ToplineError} `LEASE_LOST` when a newer lease was given */
  verify(lease: Lease): Promise<void>;

  /** The run that must be finished before another begins. */
  openRun(): Promise<string | undefined>;
  /** Marks the run open. Marking it again is done. */
  open(runId: string, lease: Lease): Promise<void>;
  /** Marks the run no longer open. Closing a closed one is done. */
  close(runId: string, lease: Lease): Promise<void>;

  cursor(): Promise<Cursor | undefined>;
  moveCursor(cursor: Cursor, lease: Lease): Promise<void>;

  /** Adds or replaces the run's summary. */
  record(summary: RunSummary, lease: Lease): Promise<void>;
  get(runId: string): Promise<RunSummary | undefined>;
  /** Newest `started_at` first. */
  list(): AsyncIterable<RunSummary>;

  recordSources(sources: readonly SourceRecord[], lease: Lease): Promise<void>;
  source(sourceId: string): Promise<SourceRecord | undefined>;
  sources(): AsyncIterable<SourceRecord>;
}
