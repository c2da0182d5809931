import { mapConcurrently } from "../concurrency.ts";
import type { Dataset } from "../datasets.ts";
import { readDocument, writeDocument } from "../documents.ts";
import {
  assertRunId,
  inputFolder,
  inputKey,
  manifestKey,
  planKey,
  rejectedFolder,
} from "../layout.ts";
import { type Manifest, type ManifestSource, sourceId } from "../manifest.ts";
import { planSchema } from "../plan.ts";
import { readAbandonment, refuseAbandoned } from "./abandonment.ts";
import { completeAbandonment } from "./complete-abandonment.ts";
import { deleteAll } from "./filing.ts";
import { type Arrival, missingDatasets, readInbox } from "./inbox.ts";
import { type HeldLease, withLease } from "./lease.ts";
import { loggingAs, type PipelineContext } from "./ports.ts";
import { pinZone, zoneVersions } from "./pin.ts";
import { refuse, rejections, unlessReplaced } from "./refusal.ts";
import { readPart, recordPart, type ValidateResult } from "./step-part.ts";
import { readManifest, requireOpenManifest, writeManifest } from "./stored-manifest.ts";
import { isPublished } from "./stale.ts";
import { openSummary } from "./summary.ts";

export interface ValidateOptions {
  readonly runId: string;
  /** `YYYY-MM-DD`: the folder in archive and rejected. Default: today, UTC. */
  readonly runDate?: string;
}

/** Heads read, and objects copied, at the same time. */
const PARALLEL = 8;

/**
 * Decides what the run takes in, and freezes it: heads are read, each object is copied into the run, and
 * plan and manifest are written. The order is the safety argument: before the manifest is there nothing has
 * happened, with it the run can be finished from any machine; only then is it marked open.
 *
 * An open run is returned in place of a new one, whatever id was asked for; one that somebody began to abandon is
 * closed first.
 */
export async function validate(
  ports: PipelineContext,
  options: ValidateOptions,
): Promise<ValidateResult> {
  assertRunId(options.runId);
  const context = loggingAs(ports, "validate", options.runId);
  return withLease(context, async (held) => {
    const started = context.clock.now();
    const open = await context.ledger.openRun();
    if (open !== undefined) {
      const abandonment = await readAbandonment(context.store, open);
      if (abandonment === undefined) return resume(context, held, open);
      await completeAbandonment(context, held, abandonment);
    }
    await refuseAbandoned(context, options.runId);

    const done = await readPart(context, options.runId, "validate");
    if (done?.result?.status === "ready") return done.result;
    const manifest = await readManifest(context.store, options.runId);
    if (manifest !== undefined) {
      if (await canGoOn(context, manifest)) return begin(context, held, manifest, started);
      await context.store.delete(manifestKey(options.runId));
    }

    const runDate = options.runDate ?? started.toISOString().slice(0, 10);
    const candidates = await judgeInbox(context);
    const outcome = await waitingOrIdle(context, options.runId, candidates);
    if (outcome !== undefined) {
      const { runId } = options;
      const folder = rejectedFolder(runDate);
      const rejected = await refuse(context, held, candidates.sources, { runId, folder });
      return { ...outcome, rejected };
    }
    const frozen = await freeze(context, held, candidates.sources, options.runId);
    // What was replaced meanwhile is left for the next run, and may have been all there was of a dataset.
    const lacking = await waitingOrIdle(context, options.runId, { ...candidates, sources: frozen });
    if (lacking !== undefined) {
      await deleteAll(context.store, inputFolder(options.runId));
      return lacking;
    }
    // Copying took its time: who has taken over since may have removed the copies, as nobody's.
    await held.verify();
    const written = await writeManifest(context, {
      run_id: options.runId,
      run_date: runDate,
      started_at: started.toISOString(),
      intake: held.lease.token,
      zone: await zoneVersions(context.zone),
      cursor: await cursorAtStart(context),
      sources: frozen,
      warnings: candidates.warnings,
    });
    return begin(context, held, written, started);
  });
}

/** The open run goes on, under today's plan unless its transform has succeeded under its own. */
async function resume(
  context: PipelineContext,
  held: HeldLease,
  runId: string,
): Promise<ValidateResult> {
  const { store, plan, logger } = context;
  const manifest = await requireOpenManifest(store, runId);
  const transformed = await readPart(context, runId, "transform");
  if (transformed?.status !== "succeeded") {
    const frozen = await readDocument(store, planKey(runId), planSchema);
    if (frozen?.hash !== plan.hash) {
      logger.info("The open run goes on under today's plan", { open_run: runId, plan: plan.hash });
      await writeDocument(store, planKey(runId), plan);
    }
  }
  const done = await readPart(context, runId, "validate");
  if (done?.result !== undefined) return done.result;
  return recordPart(context, runId, "validate", async () => validated(manifest), { held });
}

/**
 * Whether a manifest that an earlier attempt has written can be gone on with. Of a run that was never opened its copies
 * may be gone: nothing is lost with it then, and it is frozen anew.
 */
async function canGoOn(
  { store, ledger }: PipelineContext,
  { run_id, sources }: Manifest,
): Promise<boolean> {
  if ((await ledger.get(run_id)) !== undefined) return true;
  const copies = await mapConcurrently(sources, PARALLEL, ({ source_id, compression }) =>
    store.head(inputKey(run_id, source_id, compression)),
  );
  return copies.every((copy) => copy !== undefined);
}

async function begin(
  context: PipelineContext,
  held: HeldLease,
  manifest: Manifest,
  started: Date,
): Promise<ValidateResult> {
  const { run_id } = manifest;
  const mark = async () => {
    // Told of once it is open: of a run that never comes to be, nobody would say that it is over.
    await context.ledger.open(run_id, held.lease);
    await context.ledger.record(openSummary(manifest), held.lease);
    return validated(manifest);
  };
  return recordPart(context, run_id, "validate", mark, { held, started });
}

const validated = ({ run_id, sources, warnings }: Manifest): ValidateResult => ({
  run_id,
  status: "ready",
  waiting_for: [],
  accepted: sources.filter((source) => source.refused === null).map((source) => source.key),
  rejected: rejections(sources),
  warnings,
});

interface Candidates {
  readonly sources: readonly ManifestSource[];
  readonly warnings: string[];
}

async function judgeInbox(context: PipelineContext): Promise<Candidates> {
  const { arrivals, ignored } = await readInbox(context.store, context.signal);
  const warnings = ignored.map(
    (key) => `${key} is no users, songs or streams file (.csv or .csv.gz); it was left alone.`,
  );
  const judged = await mapConcurrently(arrivals, PARALLEL, (arrival) =>
    unlessReplaced(context, arrival.key, () => judge(context, arrival)),
  );
  return { sources: judged.filter((source) => source !== undefined), warnings };
}

async function judge(context: PipelineContext, arrival: Arrival): Promise<ManifestSource> {
  const { key, etag, size, dataset, compression } = arrival;
  const { body } = await context.store.get(key, { ifMatch: etag });
  const verdict = await context.validator.checkHead(dataset, body, compression);
  if (!verdict.ok) {
    context.logger.warn(`Refused: ${verdict.code}: ${verdict.message}`, { source: key });
  }
  return {
    source_id: sourceId(key, etag, size),
    key,
    name: arrival.name,
    dataset,
    compression,
    etag,
    size,
    arrived_at: arrival.lastModified.toISOString(),
    head: verdict.ok ? { ...verdict.head, extraColumns: [...verdict.head.extraColumns] } : null,
    refused: verdict.ok ? null : { code: verdict.code, message: verdict.message },
  };
}

/** What there is to say when no run begins: a dataset is missing, or nothing is to be done. */
async function waitingOrIdle(
  context: PipelineContext,
  runId: string,
  { sources, warnings }: Candidates,
): Promise<ValidateResult | undefined> {
  const outcome = (
    status: "waiting" | "nothing-to-do",
    waiting_for: Dataset[],
  ): ValidateResult => ({
    run_id: runId,
    status,
    waiting_for,
    accepted: [],
    rejected: rejections(sources),
    warnings,
  });
  const { ledger, plan, zone } = context;
  if (sources.length === 0 && isPublished(await ledger.cursor(), plan, await pinZone(zone))) {
    return outcome("nothing-to-do", []);
  }
  const accepted = sources.filter((source) => source.refused === null);
  const missing = await missingDatasets(
    context.zone,
    accepted.map((source) => source.dataset),
  );
  return missing.length > 0 ? outcome("waiting", missing) : undefined;
}

/** Copies each object into the run, if it is still what was judged. */
async function freeze(
  context: PipelineContext,
  held: HeldLease,
  sources: readonly ManifestSource[],
  runId: string,
): Promise<ManifestSource[]> {
  await held.verify();
  const copied = await mapConcurrently(sources, PARALLEL, (source) =>
    unlessReplaced(context, source.key, async () => {
      const to = inputKey(runId, source.source_id, source.compression);
      const { signal } = held;
      await context.store.copy(source.key, to, { ifSourceMatch: source.etag, signal });
      return source;
    }),
  );
  return copied.filter((source) => source !== undefined);
}

async function cursorAtStart({ ledger }: PipelineContext): Promise<Manifest["cursor"]> {
  const cursor = await ledger.cursor();
  return cursor === undefined ? null : { zone: cursor.zone, plan_hash: cursor.planHash };
}
