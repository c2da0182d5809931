import { readDocument } from "../documents.ts";
import { ToplineError } from "../errors.ts";
import { assertRunId, reportKey } from "../layout.ts";
import type { Manifest } from "../manifest.ts";
import { type RunReport, runReportSchema } from "../report.ts";
import { readAbandonment, writeAbandonment } from "./abandonment.ts";
import { closeArchived } from "./archive.ts";
import { completeAbandonment } from "./complete-abandonment.ts";
import { decideAbandonment, unlessCorrupt } from "./decide-abandonment.ts";
import { withLease } from "./lease.ts";
import { loggingAs, type PipelineContext } from "./ports.ts";
import { readManifest } from "./stored-manifest.ts";
import { readPart } from "./step-part.ts";

/**
 * Closes an open run that cannot be finished, and returns its report. What the inbox still holds as the run
 * found it is simply there again; of the rest the run's own copy goes to `rejected/`. Rows that the run has
 * committed stay: to take its files in again is set union. Safe to repeat, at any point: what becomes of each file
 * is written down before any of it is done. A run that has done all its work is closed as the success it is.
 *
 * @throws {ToplineError} `RUN_NOT_FOUND`; `RUN_NOT_OPEN`; `RUN_ID_INVALID`
 */
export async function abandon(ports: PipelineContext, runId: string): Promise<RunReport> {
  assertRunId(runId);
  const context = loggingAs(ports, "abandon", runId);
  // Before the lease, for which one may have to wait, and again under it.
  const over = await reportIfAbandoned(context, runId);
  if (over !== undefined) return over;
  return withLease(context, async (held) => {
    const over = await reportIfAbandoned(context, runId);
    if (over !== undefined) return over;
    const begun = await readAbandonment(context.store, runId);
    if (begun !== undefined) return completeAbandonment(context, held, begun);

    const done = await archivedManifest(context, runId);
    if (done !== undefined) return closeArchived(context, held, done);
    const abandonment = await decideAbandonment(context, runId);
    await held.verify();
    await writeAbandonment(context.store, abandonment);
    return completeAbandonment(context, held, abandonment);
  });
}

/** Nothing while the run is open; its report when it was abandoned before. */
async function reportIfAbandoned(
  { store, ledger }: PipelineContext,
  runId: string,
): Promise<RunReport | undefined> {
  const open = await ledger.openRun();
  if (open === runId) return undefined;
  if ((await readAbandonment(store, runId)) !== undefined) {
    const report = await readDocument(store, reportKey(runId), runReportSchema);
    if (report !== undefined) return report;
  }
  const other = open === undefined ? "No run is open." : `The open run is ${open}.`;
  const known = await ledger.get(runId);
  if (known === undefined) {
    throw new ToplineError("RUN_NOT_FOUND", `There is no run ${JSON.stringify(runId)}. ${other}`);
  }
  const ended = known.finished_at === null ? "" : ` at ${known.finished_at}`;
  throw new ToplineError(
    "RUN_NOT_OPEN",
    `Run ${runId} ended as ${known.status}${ended}, so there is nothing to abandon. ${other}`,
  );
}

/** The manifest of a run whose every step has succeeded. */
async function archivedManifest(
  context: PipelineContext,
  runId: string,
): Promise<Manifest | undefined> {
  const archived = await unlessCorrupt(readPart(context, runId, "archive"));
  if (archived?.result === undefined) return undefined;
  return unlessCorrupt(readManifest(context.store, runId));
}
