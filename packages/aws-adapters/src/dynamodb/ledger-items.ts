import {
  type Cursor,
  type Dataset,
  DATASETS,
  type RunSummary,
  type SourceRecord,
  type SourceState,
} from "@topline/core";
import type { Attributes } from "./attributes.ts";

/** What the ledger keeps, as attributes of an item and back. Keys of the item are not among them. */

export const OPEN_ID = "#open";
export const PUBLISHED_ID = "#published";
export const RUN_PREFIX = "run#";
export const SOURCE_PREFIX = "source#";

type Values = Record<string, unknown>;

/** Only a run's item has `started_at`: so the index on it lists runs and nothing else. */
export const runValues = (summary: RunSummary): Values =>
  Object.fromEntries(Object.entries(summary).filter(([, value]) => value !== null));

const RUN_STATES: readonly RunSummary["status"][] = [
  "open",
  "succeeded",
  "failed",
  "waiting",
  "nothing-to-do",
];

export const runOf = (item: Attributes): RunSummary => ({
  run_id: item.text("run_id"),
  status: item.oneOf("status", RUN_STATES),
  started_at: item.text("started_at"),
  finished_at: item.optionalText("finished_at"),
  sources: Number(item.integer("sources")),
  rejected: Number(item.integer("rejected")),
  accepted: item.integer("accepted"),
  quarantined: item.integer("quarantined"),
  dates: Number(item.integer("dates")),
  error: item.optionalText("error"),
});

export const sourceValues = (record: SourceRecord): Values => ({
  source_id: record.sourceId,
  key: record.key,
  dataset: record.dataset,
  run_id: record.runId,
  intake: record.intake,
  archived_to: record.archivedTo,
  state: record.state,
});

const SOURCE_STATES: readonly SourceState[] = ["accepted", "rejected", "retracted"];

export const sourceOf = (item: Attributes): SourceRecord => ({
  sourceId: item.text("source_id"),
  key: item.text("key"),
  dataset: item.oneOf("dataset", DATASETS),
  runId: item.text("run_id"),
  intake: item.integer("intake"),
  archivedTo: item.text("archived_to"),
  state: item.oneOf("state", SOURCE_STATES),
});

export const cursorValues = ({ zone, planHash }: Cursor): Values => ({
  zone: { ...zone },
  plan_hash: planHash,
});

export function cursorOf(item: Attributes): Cursor {
  const versions = item.map("zone");
  const zone = DATASETS.map((dataset) => [dataset, Number(versions.integer(dataset))] as const);
  return {
    zone: Object.fromEntries(zone) as Record<Dataset, number>,
    planHash: item.text("plan_hash"),
  };
}
