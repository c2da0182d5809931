import { ToplineError } from "../errors.ts";
import { compareCodePoints } from "../code-points.ts";
import type { Clock } from "../ports/clock.ts";
import type { Cursor, Lease, RunLedger, SourceRecord } from "../ports/run-ledger.ts";
import type { RunSummary } from "../report.ts";

/** A ledger in memory. Share one between what stands for several processes. */
export function memoryRunLedger({ clock }: { readonly clock: Pick<Clock, "now"> }): RunLedger {
  let current: Lease | undefined;
  let token = 0n;
  let opened: string | undefined;
  let published: Cursor | undefined;
  const runs = new Map<string, RunSummary>();
  const sources = new Map<string, SourceRecord>();

  const lost = (lease: Lease, how: string) =>
    new ToplineError(
      "LEASE_LOST",
      `The lease ${lease.token} of ${lease.holder} ${how}; nothing more was changed.`,
    );
  const fenced = (lease: Lease) => {
    if (lease.token !== token) throw lost(lease, `was taken over (the newest is ${token})`);
  };

  return {
    async acquire(holder, seconds) {
      const now = clock.now().getTime();
      if (current !== undefined && current.expiresAt.getTime() > now) {
        throw new ToplineError(
          "LEASE_HELD",
          `The lease is held by ${current.holder} until ${current.expiresAt.toISOString()}.`,
        );
      }
      const epoch = BigInt(now);
      token = token + 1n > epoch ? token + 1n : epoch;
      current = { token, holder, expiresAt: new Date(now + seconds * 1000) };
      return current;
    },
    async renew(lease, seconds) {
      fenced(lease);
      if (current === undefined) throw lost(lease, "was released");
      current = { ...lease, expiresAt: new Date(clock.now().getTime() + seconds * 1000) };
      return current;
    },
    async release(lease) {
      if (current?.token === lease.token) current = undefined;
    },
    async holder() {
      return current;
    },
    async verify(lease) {
      fenced(lease);
    },

    async openRun() {
      return opened;
    },
    async open(runId, lease) {
      fenced(lease);
      opened = runId;
    },
    async close(runId, lease) {
      fenced(lease);
      if (opened === runId) opened = undefined;
    },

    async cursor() {
      return published;
    },
    async moveCursor(cursor, lease) {
      fenced(lease);
      published = cursor;
    },

    async record(summary, lease) {
      fenced(lease);
      runs.set(summary.run_id, summary);
    },
    async get(runId) {
      return runs.get(runId);
    },
    async *list() {
      yield* [...runs.values()].sort((a, b) => compareCodePoints(b.started_at, a.started_at));
    },

    async recordSources(records, lease) {
      fenced(lease);
      for (const record of records) sources.set(record.sourceId, record);
    },
    async source(sourceId) {
      return sources.get(sourceId);
    },
    async *sources() {
      yield* sources.values();
    },
  };
}
