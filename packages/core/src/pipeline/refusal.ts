import { mapConcurrently } from "../concurrency.ts";
import { writeDocument } from "../documents.ts";
import { ToplineError } from "../errors.ts";
import { reasonKey } from "../layout.ts";
import type { ManifestSource } from "../manifest.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { SourceRecord } from "../ports/run-ledger.ts";
import type { AbandonedSource } from "./abandonment.ts";
import { fileAway } from "./filing.ts";
import type { HeldLease } from "./lease.ts";
import type { PipelineContext } from "./ports.ts";
import type { ValidateResult } from "./step-part.ts";

/** Files that are refused whole: how they are told of, and how they leave the inbox. */

const PARALLEL = 8;

export type Rejection = ValidateResult["rejected"][number];

export const rejections = (sources: readonly ManifestSource[]): Rejection[] =>
  sources.flatMap(({ key, source_id, dataset, refused }) =>
    refused === null ? [] : [{ key, source_id, dataset, ...refused, archived_to: null }],
  );

/**
 * Moves refused files from the inbox to `folder`, and records them: they never lie in the way, also when no run
 * begins.
 */
export async function refuse(
  context: PipelineContext,
  held: HeldLease,
  sources: readonly ManifestSource[],
  { runId, folder }: { readonly runId: string; readonly folder: string },
): Promise<Rejection[]> {
  const { store, ledger } = context;
  const rejected = await mapConcurrently(sources, PARALLEL, async (source) => {
    const { key, name, source_id, dataset, etag } = source;
    const [rejection] = rejections([source]);
    if (rejection === undefined) return undefined;
    await held.verify();
    return unlessReplaced(context, key, async () => {
      const filing = { from: key, folder, name, sourceId: source_id, ifSourceMatch: etag };
      const archived_to = await fileAway(store, filing);
      await writeReason(store, archived_to, source, runId);
      const record: SourceRecord = {
        sourceId: source_id,
        key,
        dataset,
        runId,
        intake: held.lease.token,
        archivedTo: archived_to,
        state: "rejected",
      };
      await ledger.recordSources([record], held.lease);
      await store.delete(key, { ifMatch: etag });
      return { ...rejection, archived_to };
    });
  });
  return rejected.filter((rejection) => rejection !== undefined);
}

/** Why a file lies in `rejected/`: beside it, for whoever finds it there. */
export async function writeReason(
  store: ObjectStore,
  rejectedTo: string,
  source: Pick<AbandonedSource, "key" | "source_id" | "dataset" | "refused">,
  runId: string,
): Promise<void> {
  const { key, source_id, dataset, refused } = source;
  await writeDocument(store, reasonKey(rejectedTo), {
    key,
    source_id,
    dataset,
    run_id: runId,
    ...refused,
  });
}

/** An object that a producer replaces or removes under our hands is left for the next run. */
export async function unlessReplaced<T>(
  { logger }: PipelineContext,
  key: string,
  call: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (!ToplineError.is(error, "OBJECT_CHANGED", "OBJECT_NOT_FOUND")) throw error;
    logger.warn("Replaced or removed meanwhile; what is there now is left for the next run", {
      source: key,
    });
    return undefined;
  }
}
