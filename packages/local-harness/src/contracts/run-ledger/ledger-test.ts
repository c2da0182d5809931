import type { Cursor, RunLedger, RunSummary, SourceRecord } from "@topline/core";
import { test } from "vitest";

/** Time that stands still until the test moves it. A ledger that waits for something else waits really. */
export interface ContractClock {
  now(): Date;
  /** Moves it on, or back. */
  advance(ms: number): void;
}

/** A ledger in which nothing has happened, for one test. */
export interface OpenRunLedger extends AsyncDisposable {
  readonly ledger: RunLedger;
  /** The ledger's. */
  readonly clock: ContractClock;
}

export interface RunLedgerBackend {
  open(): Promise<OpenRunLedger>;
}

export const ledgerTestOver = (backend: RunLedgerBackend) =>
  test
    .extend("backend", backend)
    .extend("open", async ({ backend }, { onCleanup }) => {
      const open = await backend.open();
      onCleanup(() => open[Symbol.asyncDispose]());
      return open;
    })
    .extend("ledger", ({ open }) => open.ledger)
    .extend("clock", ({ open }) => open.clock);

/** vitest's `test`, with a fresh ledger in its context. */
export type LedgerTest = ReturnType<typeof ledgerTestOver>;

export const HOUR = 3_600_000;

export async function sourcesOf(ledger: RunLedger): Promise<SourceRecord[]> {
  const records = await Array.fromAsync(ledger.sources());
  return records.toSorted((a, b) => (a.sourceId < b.sourceId ? -1 : 1));
}

export const cursor = (version: number): Cursor => ({
  zone: { songs: version, users: version + 1, streams: version + 2 },
  planHash: "a".repeat(64),
});

export const run = (run_id: string, more: Partial<RunSummary> = {}): RunSummary => ({
  run_id,
  status: "succeeded",
  started_at: "2024-06-25T10:00:00.000Z",
  finished_at: "2024-06-25T10:00:05.000Z",
  sources: 3,
  rejected: 1,
  accepted: 34_034n,
  quarantined: 12n,
  dates: 1,
  error: null,
  ...more,
});

export const source = (sourceId: string, more: Partial<SourceRecord> = {}): SourceRecord => ({
  sourceId,
  key: `raw-data/streams/${sourceId}.csv`,
  dataset: "streams",
  runId: "run-1",
  intake: 1_719_360_000_000n,
  archivedTo: `archive/raw-data/2024-06-25/streams/${sourceId}.csv`,
  state: "accepted",
  ...more,
});
