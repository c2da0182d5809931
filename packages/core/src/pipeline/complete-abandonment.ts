import { mapConcurrently } from "../concurrency.ts";
import { ToplineError } from "../errors.ts";
import { inputFolder, rejectedFolder } from "../layout.ts";
import type { SourceRecord } from "../ports/run-ledger.ts";
import type { RunReport } from "../report.ts";
import {
  type AbandonedSource,
  abandonedFault,
  type Abandonment,
  writeAbandonment,
} from "./abandonment.ts";
import { closeRun } from "./archive.ts";
import { deleteAll, fileAway } from "./filing.ts";
import type { HeldLease } from "./lease.ts";
import type { PipelineContext } from "./ports.ts";
import { writeReason } from "./refusal.ts";
import { assembleReport, failedReport } from "./report.ts";

const PARALLEL = 8;

/** Does what the abandonment says, as far as it is not done, and closes the run. */
export async function completeAbandonment(
  context: PipelineContext,
  held: HeldLease,
  begun: Abandonment,
): Promise<RunReport> {
  const { store, ledger, logger } = context;
  const done = begun.finished_at === null ? await fileSources(context, held, begun) : begun;
  await held.verify();
  await deleteAll(store, inputFolder(done.run_id));
  await ledger.recordSources(recordsOf(done), held.lease);
  const report = await reportOf(context, done);
  await closeRun(context, held, report);
  logger.info(abandonedFault(done).message, { run_id: done.run_id });
  return report;
}

async function fileSources(
  context: PipelineContext,
  held: HeldLease,
  begun: Abandonment,
): Promise<Abandonment> {
  const { store, clock } = context;
  const lost: string[] = [];
  const sources = await mapConcurrently(begun.sources, PARALLEL, async (source) => {
    if (source.outcome !== "rejected") return source;
    await held.verify();
    const archived_to = await reject(context, begun, source);
    if (archived_to === undefined) {
      lost.push(
        `Of ${source.key} no copy is left: neither in the inbox nor in the run. If it is needed, upload it again.`,
      );
    }
    return { ...source, archived_to: archived_to ?? null };
  });
  const done = {
    ...begun,
    sources,
    finished_at: clock.now().toISOString(),
    warnings: [...begun.warnings, ...lost],
  };
  await held.verify();
  await writeAbandonment(store, done);
  return done;
}

async function reject(
  { store }: PipelineContext,
  { run_id, run_date }: Abandonment,
  source: AbandonedSource,
): Promise<string | undefined> {
  const { input_key: from, name, source_id: sourceId } = source;
  try {
    const to = await fileAway(store, { from, folder: rejectedFolder(run_date), name, sourceId });
    await writeReason(store, to, source, run_id);
    return to;
  } catch (error) {
    if (ToplineError.is(error, "OBJECT_NOT_FOUND")) return undefined;
    throw error;
  }
}

/** Of the sources that have left the inbox; the others are recorded by the run that takes them in. */
function recordsOf({ run_id, intake, sources }: Abandonment): SourceRecord[] {
  return sources.flatMap(({ source_id, key, dataset, outcome, archived_to }) =>
    intake === null || dataset === null || archived_to === null
      ? []
      : [
          {
            sourceId: source_id,
            key,
            dataset,
            runId: run_id,
            intake,
            archivedTo: archived_to,
            state: outcome === "archived" ? ("accepted" as const) : ("rejected" as const),
          },
        ],
  );
}

async function reportOf(context: PipelineContext, abandonment: Abandonment): Promise<RunReport> {
  const { run_id, started_at, finished_at, warnings } = abandonment;
  try {
    return await assembleReport(context, run_id);
  } catch (error) {
    if (!ToplineError.is(error, "RUN_NOT_FOUND", "STATE_CORRUPT")) throw error;
    const finished = new Date(finished_at ?? started_at);
    const fault = abandonedFault(abandonment);
    const blank = failedReport(context, run_id, fault, new Date(started_at), finished);
    return { ...blank, warnings };
  }
}
