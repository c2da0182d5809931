import type { Manifest, ManifestSource } from "../manifest.ts";
import type { Fault } from "../errors.ts";
import {
  type RefusalCode,
  type RunReport,
  type RunStatus,
  type SourceReport,
  type StepReport,
  STEPS,
} from "../report.ts";
import { type Abandonment, abandonedFault, readAbandonment } from "./abandonment.ts";
import { engineName, type PipelineContext } from "./ports.ts";
import { emptyVersions } from "./pin.ts";
import { readPart, type StepPart, type TransformResult, type ValidateResult } from "./step-part.ts";
import { requireManifest } from "./stored-manifest.ts";

type ReportContext = Pick<PipelineContext, "store" | "engine" | "transformJob" | "plan">;

interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}

/** Refused by their heads, or by transform's verdict: by source id. */
export async function finalRefusals(
  context: ReportContext,
  manifest: Manifest,
): Promise<Map<string, Refusal>> {
  const transformed = (await readPart(context, manifest.run_id, "transform"))?.result;
  return refusalsOf(manifest, transformed);
}

export function refusalsOf(
  manifest: Manifest,
  transformed?: TransformResult,
  abandonment?: Abandonment,
): Map<string, Refusal> {
  const refusals = new Map<string, Refusal>();
  const parts = [manifest, transformed, abandonment].filter((part) => part !== undefined);
  for (const { source_id, refused } of parts.flatMap((part): readonly Judged[] => part.sources)) {
    if (refused !== null) refusals.set(source_id, refused);
  }
  return refusals;
}

interface Judged {
  readonly source_id: string;
  readonly refused: Refusal | null;
}

/**
 * The report of a run that has a manifest, put together from what its steps left in the bucket: the same from
 * whichever process asks.
 */
export async function assembleReport(context: ReportContext, runId: string): Promise<RunReport> {
  const manifest = await requireManifest(context.store, runId);
  const [detected, validated, transformed, archived, abandonment] = await Promise.all([
    readPart(context, runId, "detect"),
    readPart(context, runId, "validate"),
    readPart(context, runId, "transform"),
    readPart(context, runId, "archive"),
    readAbandonment(context.store, runId),
  ]);
  const parts = [detected, validated, transformed, archived].filter((part) => part !== undefined);
  const failed = parts.find((part) => part.status === "failed");
  const refusals = refusalsOf(manifest, transformed?.result, abandonment);
  const places = new Map<string, string | null>(
    (archived?.result?.archived ?? abandonment?.sources ?? []).map((entry) => [
      entry.source_id,
      entry.archived_to,
    ]),
  );
  const sources = manifest.sources.map((source) =>
    sourceReport(source, transformed?.result, refusals, places),
  );
  return {
    run_id: runId,
    // A run whose archive has not succeeded is not done, whoever asks.
    status: archived?.result === undefined ? "failed" : "succeeded",
    waiting_for: [],
    started_at: manifest.started_at,
    finished_at: archived?.result?.finished_at ?? abandonment?.finished_at ?? null,
    engine: transformed?.result?.engine ?? engineName(context),
    plan_hash: transformed?.result?.plan_hash ?? context.plan.hash,
    sources,
    dates: transformed?.result?.dates ?? [],
    tables: transformed?.result?.tables ?? [],
    zone: transformed?.result?.zone ?? manifest.zone,
    steps: parts.map(stepReport).sort((a, b) => STEPS.indexOf(a.step) - STEPS.indexOf(b.step)),
    warnings: [
      ...manifest.warnings,
      ...sources.flatMap((source) => refusalWarning(source, refusals)),
      ...(archived?.result?.warnings ?? []),
      ...(abandonment?.warnings ?? []),
    ],
    error: abandonment === undefined ? (failed?.error ?? null) : abandonedFault(abandonment),
  };
}

/** The report of a run that never began: it waits for a dataset, or has nothing to do. */
export function idleReport(
  context: ReportContext,
  validated: ValidateResult,
  started: Date,
  finished: Date,
): RunReport {
  const { run_id, status, waiting_for, rejected, warnings } = validated;
  const sources = rejected.map(({ key, source_id, dataset, code, archived_to }) => ({
    key,
    source_id,
    dataset,
    rows: 0n,
    accepted: 0n,
    quarantined: {},
    rejected: code,
    extra_columns: [],
    archived_to,
  }));
  const refusals = new Map(rejected.map((refusal) => [refusal.source_id, refusal]));
  return {
    ...blankReport(context, run_id, status as RunStatus, started, finished),
    waiting_for,
    sources,
    warnings: [...warnings, ...sources.flatMap((source) => refusalWarning(source, refusals))],
  };
}

/** The report of a run that failed before it had a manifest. */
export function failedReport(
  context: ReportContext,
  runId: string,
  error: Fault,
  started: Date,
  finished: Date,
): RunReport {
  return { ...blankReport(context, runId, "failed", started, finished), error };
}

function blankReport(
  context: ReportContext,
  runId: string,
  status: RunStatus,
  started: Date,
  finished: Date,
): RunReport {
  return {
    run_id: runId,
    status,
    waiting_for: [],
    started_at: started.toISOString(),
    finished_at: finished.toISOString(),
    engine: engineName(context),
    plan_hash: context.plan.hash,
    sources: [],
    dates: [],
    tables: [],
    zone: emptyVersions(),
    steps: [],
    warnings: [],
    error: null,
  };
}

function sourceReport(
  source: ManifestSource,
  transformed: TransformResult | undefined,
  refusals: ReadonlyMap<string, Refusal>,
  places: ReadonlyMap<string, string | null>,
): SourceReport {
  const { source_id, key, dataset, head } = source;
  const verdict = transformed?.sources.find((entry) => entry.source_id === source_id);
  const refused = refusals.get(source_id);
  // What the transform of a run that was abandoned had taken in is in the zone all the same.
  const isTakenIn = refused === undefined || refused.code === "ABANDONED";
  return {
    key,
    source_id,
    dataset,
    rows: verdict?.rows ?? 0n,
    accepted: isTakenIn ? (verdict?.accepted ?? 0n) : 0n,
    quarantined: isTakenIn ? (verdict?.quarantined ?? {}) : {},
    rejected: refused?.code ?? null,
    extra_columns: [...(head?.extraColumns ?? [])],
    archived_to: places.get(source_id) ?? null,
  };
}

function refusalWarning(
  { key, source_id, archived_to }: SourceReport,
  refusals: ReadonlyMap<string, Refusal>,
): string[] {
  const refused = refusals.get(source_id);
  if (refused === undefined) return [];
  const moved = archived_to === null ? "" : ` The file was moved to ${archived_to}.`;
  return [`${refused.code}: ${key}: ${refused.message}${moved}`];
}

const stepReport = ({ step, status, duration_ms, attempts }: StepPart<StepReport["step"]>) => ({
  step,
  status,
  duration_ms,
  attempts,
});
