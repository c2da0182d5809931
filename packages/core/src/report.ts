import { z } from "zod";
import { DATASETS } from "./datasets.ts";
import { countSchema } from "./json.ts";

/**
 * What a run did, as data. The field names are a contract with whoever drives Topline.
 */

/** Why a whole file is refused. The first six are told by its beginning, the others by its whole. */
export const REFUSAL_CODES = [
  "EMPTY_FILE",
  "NOT_TEXT",
  "MISSING_COLUMN",
  "DUPLICATE_COLUMN",
  "HEADER_TOO_LONG",
  "DAMAGED_GZIP",
  "TOO_LARGE",
  "TOO_MANY_BAD_ROWS",
  "ABANDONED",
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

export const STEPS = ["detect", "validate", "transform", "archive"] as const;
export type StepName = (typeof STEPS)[number];

export const RUN_STATUSES = ["succeeded", "failed", "waiting", "nothing-to-do"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

const faultSchema = z.object({
  code: z.string(),
  message: z.string(),
  is_retryable: z.boolean(),
});

export const sourceReportSchema = z.object({
  key: z.string(),
  source_id: z.string(),
  dataset: z.enum(DATASETS),
  /** Records, the header not counted. */
  rows: countSchema,
  accepted: countSchema,
  quarantined: z.record(z.string(), countSchema),
  rejected: z.enum(REFUSAL_CODES).nullable(),
  extra_columns: z.array(z.string()),
  /** Where the raw file lies now; null until it was archived. */
  archived_to: z.string().nullable(),
});
export type SourceReport = z.infer<typeof sourceReportSchema>;

export const dateFiguresSchema = z.object({
  date: z.string(),
  /** Distinct listens of the date's set. */
  listens: countSchema,
  /** Distinct (listen, source) beyond them. */
  duplicates: countSchema,
  /** Listens of a track that the catalogue does not have. */
  unknown_tracks: countSchema,
  unknown_users: countSchema,
});
export type DateFigures = z.infer<typeof dateFiguresSchema>;

export const tableReportSchema = z.object({
  /** With the environment's prefix. */
  table: z.string(),
  put: z.int(),
  deleted: z.int(),
  unchanged: z.int(),
});
export type TableReport = z.infer<typeof tableReportSchema>;

export const stepReportSchema = z.object({
  step: z.enum(STEPS),
  status: z.enum(["running", "succeeded", "failed"]),
  duration_ms: z.int(),
  /** How often the step was begun in this run. */
  attempts: z.int(),
});
export type StepReport = z.infer<typeof stepReportSchema>;

export const runReportSchema = z.object({
  run_id: z.string(),
  status: z.enum(RUN_STATUSES),
  waiting_for: z.array(z.enum(DATASETS)),
  started_at: z.string(),
  finished_at: z.string().nullable(),
  engine: z.string(),
  plan_hash: z.string(),
  sources: z.array(sourceReportSchema),
  dates: z.array(dateFiguresSchema),
  tables: z.array(tableReportSchema),
  zone: z.record(z.enum(DATASETS), z.int()),
  steps: z.array(stepReportSchema),
  warnings: z.array(z.string()),
  error: faultSchema.nullable(),
});
export type RunReport = z.infer<typeof runReportSchema>;

/** What the ledger keeps of a run: enough for a list; the report itself lies in the bucket. */
export interface RunSummary {
  readonly run_id: string;
  readonly status: RunStatus | "open";
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly sources: number;
  readonly rejected: number;
  readonly accepted: bigint;
  readonly quarantined: bigint;
  readonly dates: number;
  readonly error: string | null;
}
