import { toFault, ToplineError } from "../errors.ts";
import type { Manifest } from "../manifest.ts";
import type { RunReport, RunSummary } from "../report.ts";
import type { HeldLease } from "./lease.ts";
import type { PipelineContext } from "./ports.ts";

/** What the ledger tells of a run that has begun. */
export function openSummary({ run_id, started_at, sources }: Manifest): RunSummary {
  return {
    run_id,
    status: "open",
    started_at,
    finished_at: null,
    sources: sources.length,
    rejected: sources.filter((source) => source.refused !== null).length,
    accepted: 0n,
    quarantined: 0n,
    dates: 0,
    error: null,
  };
}

export function summarize(report: RunReport): RunSummary {
  const { run_id, status, started_at, finished_at, sources, dates, error } = report;
  return {
    run_id,
    status,
    started_at,
    finished_at,
    sources: sources.length,
    rejected: sources.filter((source) => source.rejected !== null).length,
    accepted: sources.reduce((sum, source) => sum + source.accepted, 0n),
    quarantined: sources
      .flatMap((source) => Object.values(source.quarantined))
      .reduce((sum, rows) => sum + rows, 0n),
    dates: dates.length,
    error: error === null ? null : `${error.code}: ${error.message}`,
  };
}

/** Leaves the failure in the ledger; the run stays open. Whoever lost the lease leaves nothing. */
export async function recordFailure(
  { ledger, logger }: PipelineContext,
  { lease }: HeldLease,
  manifest: Manifest,
  error: unknown,
): Promise<void> {
  if (ToplineError.is(error, "LEASE_LOST", "STEP_OUT_OF_ORDER")) return;
  const { code, message } = toFault(error);
  try {
    await ledger.record(
      { ...openSummary(manifest), status: "failed", error: `${code}: ${message}` },
      lease,
    );
  } catch (fault) {
    logger.warn("The failure could not be recorded in the ledger", { error: String(fault) });
  }
}
