import { mapConcurrently } from "../concurrency.ts";
import { DATASETS, type Dataset } from "../datasets.ts";
import { readDocument } from "../documents.ts";
import { ToplineError } from "../errors.ts";
import { planKey } from "../layout.ts";
import { engineSources, type Manifest } from "../manifest.ts";
import { type Plan, planSchema } from "../plan.ts";
import type { EngineSession, SourceVerdict } from "../ports/engine.ts";
import type { DataFile, ZoneActions, ZoneCommit, ZoneSnapshot } from "../ports/zone.ts";
import { type HeldLease, withLease } from "./lease.ts";
import { loggingAs, type PipelineContext } from "./ports.ts";
import { cursorOf, publish } from "./publish.ts";
import { replaceQuarantine } from "./quarantine.ts";
import { readPart, recordPart, type TransformResult } from "./step-part.ts";
import { recordFailure } from "./summary.ts";
import { requireManifest, requireOpen } from "./stored-manifest.ts";
import { transformByJob } from "./transform-by-job.ts";

const PARALLEL = 8;

/**
 * Takes the run's own copies into the zone and publishes. Reaches a verdict on every source before anything of
 * it is committed; a repetition finds its commits in the log and does not append again. Where the deployment has a
 * job for it, that does all of it.
 */
export async function transform(ports: PipelineContext, runId: string): Promise<TransformResult> {
  const context = loggingAs(ports, "transform", runId);
  const { transformJob } = context;
  if (transformJob !== undefined) return transformByJob(context, transformJob, runId);
  return withLease(context, async (held) => {
    const manifest = await requireManifest(context.store, runId);
    const done = await readPart(context, runId, "transform");
    if (done?.result !== undefined) return done.result;
    await requireOpen(context, runId);
    try {
      const transforming = () => work(context, held, manifest);
      return await recordPart(context, runId, "transform", transforming, { held });
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
): Promise<TransformResult> {
  const { engine, store } = context;
  const plan = await readDocument(store, planKey(manifest.run_id), planSchema);
  if (plan === undefined) {
    throw new ToplineError("STATE_CORRUPT", `${planKey(manifest.run_id)} is missing.`);
  }
  await using session = await engine.open(plan, { signal: held.signal });
  const verdicts = await session.ingest(engineSources(manifest), plan.limits);
  logVerdicts(context, manifest, verdicts);

  await held.verify();
  const accepted = verdicts.filter((verdict) => verdict.refused === null);
  await mapConcurrently(accepted, PARALLEL, (verdict) =>
    replaceQuarantine(context, held, session, verdict),
  );
  const run = { manifest, plan, held };
  const files = await writeRows(context, session, run);
  for (const table of DATASETS) {
    await held.verify();
    await commit(context, run, table, files.get(table));
  }
  const published = await publish(context, held, session, plan, cursorOf(manifest));
  return {
    run_id: manifest.run_id,
    engine: engine.name,
    plan_hash: plan.hash,
    sources: verdicts.map(({ sourceId, records, accepted, quarantined, refused }) => ({
      source_id: sourceId,
      rows: records,
      accepted,
      quarantined: { ...quarantined },
      refused,
    })),
    ...published,
  };
}

interface OpenRun {
  readonly manifest: Manifest;
  readonly plan: Plan;
  readonly held: HeldLease;
}

/**
 * The files of each table that lacks this run's rows. They are invisible until they are committed, so all of them
 * are written first.
 */
async function writeRows(
  { zone }: PipelineContext,
  session: EngineSession,
  { manifest, plan, held }: OpenRun,
): Promise<Map<Dataset, readonly DataFile[]>> {
  const { run_id: runId, intake } = manifest;
  const stem = `${runId}-${held.lease.token}`;
  const written = new Map<Dataset, readonly DataFile[]>();
  await mapConcurrently(DATASETS, DATASETS.length, async (table) => {
    const { version } = await zone.snapshot(table);
    const commits = await zone.commits(table, manifest.zone[table], version);
    if (hasRowsOf(runId, plan, commits)) return;
    written.set(table, await session.writeRows(table, { stem, intake }));
  });
  return written;
}

const commitsOf = (runId: string, commits: readonly ZoneCommit[]) =>
  commits.filter((entry) => entry.info?.runId === runId);

/** Whether some attempt of the run has committed already, under the plan that it goes on with. */
const hasRowsOf = (runId: string, plan: Plan, commits: readonly ZoneCommit[]) =>
  commitsOf(runId, commits).at(-1)?.info?.planHash === plan.hash;

/** One commit a table: this run's rows are appended once, whichever attempt did it. */
async function commit(
  context: PipelineContext,
  { manifest, plan, held }: OpenRun,
  table: Dataset,
  files: readonly DataFile[] | undefined,
): Promise<void> {
  const { run_id: runId } = manifest;
  await context.zone.commit(table, {
    info: {
      runId,
      operation: "append",
      engine: context.engine.name,
      planHash: plan.hash,
      timestamp: context.clock.now().getTime(),
    },
    fence: held.lease.token,
    since: manifest.zone[table],
    decide: (latest, commits) =>
      files === undefined || hasRowsOf(runId, plan, commits)
        ? undefined
        : append(latest, commitsOf(runId, commits), files),
  });
}

/**
 * Rows that an earlier attempt took in under another plan leave with the commit that brings today's: the zone
 * never holds a source as two plans see it.
 */
function append(
  latest: ZoneSnapshot,
  mine: readonly ZoneCommit[],
  files: readonly DataFile[],
): ZoneActions | undefined {
  const earlier = new Set(mine.flatMap((entry) => entry.added.map((file) => file.path)));
  const remove = latest.files.filter((file) => earlier.has(file.path));
  if (files.length === 0 && mine.length === 0) return undefined;
  return { add: files, remove, dataChange: true };
}

function logVerdicts(
  { logger }: PipelineContext,
  { sources }: Manifest,
  verdicts: readonly SourceVerdict[],
): void {
  const keys = new Map(sources.map((source) => [source.source_id, source.key]));
  for (const { sourceId, records, accepted, refused } of verdicts) {
    const fields = { source: keys.get(sourceId), source_id: sourceId };
    if (refused !== null) logger.warn(`Refused: ${refused.code}: ${refused.message}`, fields);
    else logger.info(`${accepted} of ${records} records accepted`, fields);
  }
}
