import { mapConcurrently } from "../concurrency.ts";
import { ToplineError } from "../errors.ts";
import { readInboxKey } from "../layout.ts";
import type { PipelineContext } from "../pipeline/ports.ts";
import type { EngineSource } from "../ports/engine.ts";
import type { SourceRecord } from "../ports/run-ledger.ts";
import type { SourceReplay } from "./report.ts";

const PARALLEL = 8;

/** A source as the engine is to read it once more. */
export interface ArchivedSource {
  readonly record: SourceRecord;
  readonly source: EngineSource;
}

export interface LeftSource {
  readonly record: SourceRecord;
  readonly left: NonNullable<SourceReplay["left"]>;
  readonly message: string;
}

/** Looks for the archived file of each source, and judges it by its beginning, as validate does in the inbox. */
export const readArchived = (
  context: Pick<PipelineContext, "store" | "validator">,
  records: readonly SourceRecord[],
): Promise<(ArchivedSource | LeftSource)[]> =>
  mapConcurrently(records, PARALLEL, (record) => read(context, record));

async function read(
  { store, validator }: Pick<PipelineContext, "store" | "validator">,
  record: SourceRecord,
): Promise<ArchivedSource | LeftSource> {
  const { sourceId, dataset, key, archivedTo, state } = record;
  if (state === "retracted") {
    return { record, left: "RETRACTED", message: "it was retracted" };
  }
  if (state === "rejected") {
    return { record, left: "NOT_ARCHIVED", message: "it was refused as a whole" };
  }
  const head = archivedTo === "" ? undefined : await store.head(archivedTo);
  if (head?.metadata["source_id"] !== sourceId) {
    const message = `its raw file is not in the archive any more (${archivedTo})`;
    return { record, left: "NOT_ARCHIVED", message };
  }
  const compression = readInboxKey(key)?.compression ?? "none";
  const { body } = await store.get(archivedTo, { ifMatch: head.etag });
  const verdict = await validator.checkHead(dataset, body, compression);
  if (!verdict.ok) return { record, left: verdict.code, message: verdict.message };
  const { size } = head;
  const source = { sourceId, dataset, key, inputKey: archivedTo, compression, size };
  return { record, source: { ...source, head: verdict.head } };
}

export const isLeft = (item: ArchivedSource | LeftSource): item is LeftSource => "left" in item;

/** @throws {ToplineError} `INTERNAL` where the engine gave no verdict on a source */
export function verdictFor<V extends { readonly sourceId: string }>(
  verdicts: readonly V[],
  { sourceId }: SourceRecord,
): V {
  const verdict = verdicts.find((one) => one.sourceId === sourceId);
  if (verdict !== undefined) return verdict;
  throw new ToplineError("INTERNAL", `The engine gave no verdict on source ${sourceId}.`);
}
