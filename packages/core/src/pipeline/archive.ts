import { mapConcurrently } from "../concurrency.ts";
import { writeDocument } from "../documents.ts";
import { ToplineError } from "../errors.ts";
import { archiveFolder, inputFolder, inputKey, rejectedFolder, reportKey } from "../layout.ts";
import type { Manifest, ManifestSource } from "../manifest.ts";
import type { SourceRecord } from "../ports/run-ledger.ts";
import type { RunReport } from "../report.ts";
import { deleteAll, fileAway } from "./filing.ts";
import { type HeldLease, withLease } from "./lease.ts";
import { loggingAs, type PipelineContext } from "./ports.ts";
import { assembleReport, finalRefusals } from "./report.ts";
import { type ArchiveResult, readPart, recordPart } from "./step-part.ts";
import { writeReason } from "./refusal.ts";
import { recordFailure, summarize } from "./summary.ts";
import { requireManifest, requireOpen } from "./stored-manifest.ts";

const PARALLEL = 8;

/**
 * Moves exactly the manifest's objects out of the inbox, and closes the run. Safe to repeat, from any machine,
 * at any point: copies come first and are found again, an object that a producer replaced meanwhile stays for
 * the next run, and the run is closed last.
 */
export async function archive(ports: PipelineContext, runId: string): Promise<ArchiveResult> {
  const context = loggingAs(ports, "archive", runId);
  return withLease(context, async (held) => {
    const manifest = await requireManifest(context.store, runId);
    const done = await readPart(context, runId, "archive");
    if (done?.result !== undefined) {
      await closeArchived(context, held, manifest);
      return done.result;
    }
    await requireOpen(context, runId);
    await requireTransformed(context, runId);
    try {
      const archiving = () => work(context, held, manifest);
      const result = await recordPart(context, runId, "archive", archiving, { held });
      await closeArchived(context, held, manifest);
      return result;
    } catch (error) {
      await recordFailure(context, held, manifest, error);
      throw error;
    }
  });
}

async function work(
  context: PipelineContext,
  held: HeldLease,
  manifest: Manifest,
): Promise<ArchiveResult> {
  const { store, ledger, clock } = context;
  const refusals = await finalRefusals(context, manifest);
  const warnings: string[] = [];
  const archived = await mapConcurrently(manifest.sources, PARALLEL, async (source) => {
    held.signal.throwIfAborted();
    const refused = refusals.get(source.source_id) ?? null;
    const archivedTo = await move(context, held, manifest, { ...source, refused });
    const warning = await clearInbox(context, source);
    if (warning !== undefined) warnings.push(warning);
    return { source_id: source.source_id, archived_to: archivedTo };
  });

  await held.verify();
  await deleteAll(store, inputFolder(manifest.run_id));
  const places = new Map(archived.map((entry) => [entry.source_id, entry.archived_to]));
  const records = manifest.sources.map((source): SourceRecord => {
    return {
      sourceId: source.source_id,
      key: source.key,
      dataset: source.dataset,
      runId: manifest.run_id,
      intake: manifest.intake,
      archivedTo: places.get(source.source_id) ?? "",
      state: refusals.has(source.source_id) ? "rejected" : "accepted",
    };
  });
  await ledger.recordSources(records, held.lease);
  return {
    run_id: manifest.run_id,
    finished_at: clock.now().toISOString(),
    archived,
    warnings,
  };
}

/** To the archive, or to `rejected/` with the reason beside it. */
async function move(
  { store }: PipelineContext,
  held: HeldLease,
  manifest: Manifest,
  source: ManifestSource,
): Promise<string> {
  const { source_id, name, compression, refused } = source;
  const folder =
    refused === null ? archiveFolder(manifest.run_date) : rejectedFolder(manifest.run_date);
  const from = inputKey(manifest.run_id, source_id, compression);
  await held.verify();
  const to = await fileAway(store, { from, folder, name, sourceId: source_id });
  if (refused !== null) await writeReason(store, to, source, manifest.run_id);
  return to;
}

/** @returns a warning when the object in the inbox is no longer the one that was taken in */
async function clearInbox(
  { store, logger }: PipelineContext,
  { key, etag }: ManifestSource,
): Promise<string | undefined> {
  try {
    await store.delete(key, { ifMatch: etag });
    return undefined;
  } catch (error) {
    if (!ToplineError.is(error, "OBJECT_CHANGED")) throw error;
    const warning = `${key} was replaced while the run was under way; the new object is left for the next run.`;
    logger.warn(warning, { source: key });
    return warning;
  }
}

/** Closes the run whose archive has succeeded: all that it was to do is done. */
export async function closeArchived(
  context: PipelineContext,
  held: HeldLease,
  manifest: Manifest,
): Promise<RunReport> {
  const report = await assembleReport(context, manifest.run_id);
  await closeRun(context, held, report);
  return report;
}

/** The report is there before the ledger tells of it, and the run is closed last. */
export async function closeRun(
  { store, ledger }: PipelineContext,
  { lease }: HeldLease,
  report: RunReport,
): Promise<void> {
  await writeDocument(store, reportKey(report.run_id), report);
  await ledger.record(summarize(report), lease);
  await ledger.close(report.run_id, lease);
}

async function requireTransformed(context: PipelineContext, runId: string): Promise<void> {
  const part = await readPart(context, runId, "transform");
  if (part?.result !== undefined) return;
  throw new ToplineError(
    "STEP_OUT_OF_ORDER",
    `The transform of run ${runId} has not succeeded (${part?.status ?? "it was never begun"}), so its files cannot be archived yet. Run transform first.`,
  );
}
