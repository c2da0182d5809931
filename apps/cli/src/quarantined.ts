import {
  type Dataset,
  DATASETS,
  type ObjectStore,
  type PipelineContext,
  QUARANTINE,
  quarantineFolder,
  readDocument,
  reasonKey,
  REJECTED,
  type SourceRecord,
  textLines,
} from "@topline/core";
import { z } from "zod";

export interface QuarantineFilter {
  readonly run?: string;
  readonly source?: string;
  readonly reason?: string;
}

/** A row that its contract refused, or (without `record` and `text`) a file that was refused whole. */
export interface Rejected {
  readonly kind: "row" | "file";
  readonly key: string;
  readonly source_id: string;
  readonly run_id: string | null;
  readonly dataset: Dataset | null;
  /** Counted from 1 after the header; null where unknown. */
  readonly record: number | null;
  readonly reason: string;
  /** The record as it was read; for a file, what was wrong with it. */
  readonly text: string;
  /** Where a refused file lies. */
  readonly moved_to: string | null;
}

const rowSchema = z.object({
  key: z.string(),
  record: z.int().nullable(),
  reason: z.string(),
  text: z.string(),
});

const fileSchema = z.object({
  key: z.string(),
  source_id: z.string(),
  dataset: z.enum(DATASETS).nullable(),
  run_id: z.string(),
  code: z.string(),
  message: z.string(),
});

/** Rejected rows, source by source, then rejected files. */
export async function* quarantined(
  context: Pick<PipelineContext, "store" | "ledger">,
  filter: QuarantineFilter,
): AsyncGenerator<Rejected> {
  for await (const rejected of candidates(context, filter)) {
    if (filter.run !== undefined && rejected.run_id !== filter.run) continue;
    if (filter.source !== undefined && rejected.key !== filter.source) continue;
    if (filter.reason !== undefined && rejected.reason !== filter.reason) continue;
    yield rejected;
  }
}

async function* candidates(
  { store, ledger }: Pick<PipelineContext, "store" | "ledger">,
  filter: QuarantineFilter,
): AsyncGenerator<Rejected> {
  for await (const sourceId of sourcesInQuarantine(store)) {
    const source = await ledger.source(sourceId);
    if (source !== undefined && !mayMatch(source, filter)) continue;
    yield* rowsOf(store, sourceId, source);
  }
  for await (const { key } of store.list(REJECTED)) {
    if (!key.endsWith(reasonKey(""))) continue;
    const file = await readDocument(store, key, fileSchema);
    if (file === undefined) continue;
    const { code, message, ...rest } = file;
    const moved_to = key.slice(0, -reasonKey("").length);
    yield { kind: "file", ...rest, record: null, reason: code, text: message, moved_to };
  }
}

const mayMatch = ({ key, runId }: SourceRecord, { run, source }: QuarantineFilter) =>
  (run === undefined || runId === run) && (source === undefined || key === source);

async function* sourcesInQuarantine(store: ObjectStore): AsyncGenerator<string> {
  let last: string | undefined;
  for await (const { key } of store.list(QUARANTINE)) {
    const sourceId = /^quarantine\/source=([^/]+)\//.exec(key)?.[1];
    if (sourceId === undefined || sourceId === last) continue;
    yield sourceId;
    last = sourceId;
  }
}

async function* rowsOf(
  store: ObjectStore,
  sourceId: string,
  source: SourceRecord | undefined,
): AsyncGenerator<Rejected> {
  for await (const { key } of store.list(quarantineFolder(sourceId))) {
    const { body } = await store.get(key);
    for await (const line of textLines(body)) {
      const row = rowSchema.parse(JSON.parse(line));
      yield {
        kind: "row",
        ...row,
        source_id: sourceId,
        run_id: source?.runId ?? null,
        dataset: source?.dataset ?? null,
        moved_to: null,
      };
    }
  }
}
