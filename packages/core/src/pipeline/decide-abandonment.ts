import { mapConcurrently } from "../concurrency.ts";
import { DATASETS, type Dataset } from "../datasets.ts";
import { ToplineError } from "../errors.ts";
import { archiveFolder, inputFolder, inputKey } from "../layout.ts";
import { type Manifest, type ManifestSource, sourceId } from "../manifest.ts";
import type { AbandonedSource, Abandonment } from "./abandonment.ts";
import { findFiled } from "./filing.ts";
import { readInbox } from "./inbox.ts";
import type { PipelineContext } from "./ports.ts";
import { refusalsOf } from "./report.ts";
import { readManifest } from "./stored-manifest.ts";
import { readPart } from "./step-part.ts";

const PARALLEL = 8;

/** Where each file of an open run is, and so where it goes. Changes nothing. */
export async function decideAbandonment(
  context: PipelineContext,
  runId: string,
): Promise<Abandonment> {
  const manifest = await unlessCorrupt(readManifest(context.store, runId));
  if (manifest === undefined) return withoutManifest(context, runId);
  const { run_id, run_date, started_at, intake } = manifest;
  const transformed = await unlessCorrupt(readPart(context, run_id, "transform"), null);
  const refusals = refusalsOf(manifest, transformed?.result);
  const isPublished = transformed?.result !== undefined;
  // Before its transform has succeeded a run archives nothing: what lies there is an earlier run's.
  const mayHaveArchived = isPublished || transformed === null;
  const sources = await mapConcurrently(manifest.sources, PARALLEL, async (source) => {
    const refused = refusals.get(source.source_id) ?? null;
    return decideSource(context, manifest, { ...source, refused }, mayHaveArchived);
  });
  const committed = await committedTables(context, manifest);
  return {
    run_id,
    run_date,
    started_at,
    finished_at: null,
    intake,
    sources,
    warnings: committed.length === 0 ? [] : [committedWarning(committed, isPublished)],
  };
}

async function decideSource(
  { store }: PipelineContext,
  { run_id, run_date }: Manifest,
  source: ManifestSource,
  mayHaveArchived: boolean,
): Promise<AbandonedSource> {
  const { source_id, key, name, dataset, compression, etag, refused } = source;
  const input_key = inputKey(run_id, source_id, compression);
  const known = { source_id, key, name, dataset, input_key, refused };
  const present = await store.head(key);
  if (present?.etag === etag)
    return { ...known, outcome: "inbox", refused: null, archived_to: null };

  // One that was refused for itself lies in rejected/ already, or goes there with that reason.
  if (refused !== null) return { ...known, outcome: "rejected", archived_to: null };
  const place = { folder: archiveFolder(run_date), name, sourceId: source_id };
  const archivedTo = mayHaveArchived ? await findFiled(store, place) : undefined;
  if (archivedTo !== undefined) return { ...known, outcome: "archived", archived_to: archivedTo };
  return { ...known, outcome: "rejected", refused: abandoned(run_id), archived_to: null };
}

const abandoned = (runId: string) => ({
  code: "ABANDONED" as const,
  message: `Run ${runId} had a copy of it and was abandoned; the inbox no longer holds it.`,
});

/** Which tables of the zone tell of the run, as far as their logs can be read. */
export async function committedTables(
  { zone }: Pick<PipelineContext, "zone">,
  manifest: Pick<Manifest, "run_id" | "zone">,
): Promise<readonly Dataset[]> {
  const tables: Dataset[] = [];
  for (const table of DATASETS) {
    try {
      const { version } = await zone.snapshot(table);
      const commits = await zone.commits(table, manifest.zone[table], version);
      if (commits.some(({ info }) => info?.runId === manifest.run_id)) tables.push(table);
    } catch (error) {
      if (!ToplineError.is(error, "VERSION_UNREADABLE", "STATE_CORRUPT")) throw error;
    }
  }
  return tables;
}

const committedWarning = (tables: readonly Dataset[], isPublished: boolean) =>
  `Rows of this run are in the zone (${tables.join(", ")}) and stay there; ${
    isPublished ? "the KPI tables show them" : "the next run publishes them"
  }. To take its files in again changes no figure.`;

/**
 * Where the manifest was lost, the copies' names still tell their source ids, and so which of them lie in the
 * inbox. What the others were called nobody knows any more.
 */
async function withoutManifest(context: PipelineContext, runId: string): Promise<Abandonment> {
  const { store, clock, ledger } = context;
  const now = clock.now().toISOString();
  const { arrivals } = await readInbox(store);
  const inbox = new Map(
    arrivals.map(({ key, etag, size, dataset, name }) => [
      sourceId(key, etag, size),
      { key, dataset, name },
    ]),
  );
  const sources: AbandonedSource[] = [];
  for await (const { key: input_key } of store.list(inputFolder(runId))) {
    const name = input_key.slice(inputFolder(runId).length);
    const source_id = /^[0-9a-f]{16}(?=\.csv(\.gz)?$)/.exec(name)?.[0];
    if (source_id === undefined) continue;
    const arrival = inbox.get(source_id);
    sources.push(
      arrival === undefined
        ? {
            source_id,
            key: input_key,
            name,
            dataset: null,
            input_key,
            outcome: "rejected",
            refused: abandoned(runId),
            archived_to: null,
          }
        : { source_id, ...arrival, input_key, outcome: "inbox", refused: null, archived_to: null },
    );
  }
  return {
    run_id: runId,
    run_date: now.slice(0, 10),
    started_at: (await ledger.get(runId))?.started_at ?? now,
    finished_at: null,
    intake: null,
    sources,
    warnings: [
      `The manifest of run ${runId} is missing or cannot be read, so its files are known by their copies alone.`,
    ],
  };
}

/** A document that does not say what it must is one of the reasons to abandon a run. */
export async function unlessCorrupt<T, U = undefined>(
  reading: Promise<T>,
  corrupt?: U,
): Promise<T | U> {
  try {
    return await reading;
  } catch (error) {
    if (ToplineError.is(error, "STATE_CORRUPT")) return corrupt as U;
    throw error;
  }
}
