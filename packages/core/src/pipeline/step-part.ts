import { z } from "zod";
import { DATASETS } from "../datasets.ts";
import { readDocument, writeDocument } from "../documents.ts";
import { toFault, ToplineError } from "../errors.ts";
import { countSchema } from "../json.ts";
import { stepKey } from "../layout.ts";
import { zoneVersionsSchema } from "../manifest.ts";
import {
  dateFiguresSchema,
  REFUSAL_CODES,
  type StepName,
  stepReportSchema,
  tableReportSchema,
} from "../report.ts";
import type { HeldLease } from "./lease.ts";
import type { PipelineContext } from "./ports.ts";

/**
 * A step's part of the report, kept beside the manifest: what it yielded, so that a repetition returns it, and
 * how it went, so that the report can be put together by whoever asks, from any process.
 */

const refusalSchema = z.object({ code: z.enum(REFUSAL_CODES), message: z.string() });

const resultSchemas = {
  detect: z.object({
    status: z.enum(["empty", "waiting", "ready"]),
    waiting_for: z.array(z.enum(DATASETS)),
    arrivals: z.record(z.enum(DATASETS), z.array(z.string())),
    ignored: z.array(z.string()),
    /** The run that will be finished first. */
    open_run: z.string().nullable(),
  }),
  validate: z.object({
    run_id: z.string(),
    status: z.enum(["ready", "waiting", "nothing-to-do"]),
    waiting_for: z.array(z.enum(DATASETS)),
    accepted: z.array(z.string()),
    rejected: z.array(
      z.object({
        key: z.string(),
        source_id: z.string(),
        dataset: z.enum(DATASETS),
        ...refusalSchema.shape,
        /** Where the file lies now; null while it is for the archive step to move it. */
        archived_to: z.string().nullable(),
      }),
    ),
    warnings: z.array(z.string()),
  }),
  transform: z.object({
    run_id: z.string(),
    engine: z.string(),
    plan_hash: z.string(),
    sources: z.array(
      z.object({
        source_id: z.string(),
        rows: countSchema,
        accepted: countSchema,
        quarantined: z.record(z.string(), countSchema),
        refused: refusalSchema.nullable(),
      }),
    ),
    dates: z.array(dateFiguresSchema),
    tables: z.array(tableReportSchema),
    zone: zoneVersionsSchema,
  }),
  archive: z.object({
    run_id: z.string(),
    finished_at: z.string(),
    archived: z.array(z.object({ source_id: z.string(), archived_to: z.string() })),
    warnings: z.array(z.string()),
  }),
} satisfies Record<StepName, z.ZodType>;

export type StepResult<S extends StepName> = z.infer<(typeof resultSchemas)[S]>;
export type DetectResult = StepResult<"detect">;
export type ValidateResult = StepResult<"validate">;
export type TransformResult = StepResult<"transform">;
export type ArchiveResult = StepResult<"archive">;

const partSchema = stepReportSchema.extend({
  started_at: z.string(),
  error: z.object({ code: z.string(), message: z.string(), is_retryable: z.boolean() }).nullable(),
  result: z.unknown().optional(),
});

export type StepPart<S extends StepName> = Omit<z.infer<typeof partSchema>, "step" | "result"> & {
  readonly step: S;
  /** Undefined unless the step succeeded. */
  readonly result: StepResult<S> | undefined;
};

export async function readPart<S extends StepName>(
  { store }: Pick<PipelineContext, "store">,
  runId: string,
  step: S,
): Promise<StepPart<S> | undefined> {
  const key = stepKey(runId, step);
  const part = await readDocument(store, key, partSchema);
  if (part === undefined) return undefined;
  const result =
    part.status === "succeeded" ? resultSchemas[step].safeParse(part.result) : undefined;
  if (result?.success === false) {
    throw new ToplineError("STATE_CORRUPT", `${key} is not a part of a report: ${result.error}`);
  }
  return { ...part, step, result: result?.data as StepResult<S> | undefined };
}

export interface PartRecording {
  /** The lease under which the work is done, if any. */
  readonly held?: HeldLease;
  /** When the step began, where that was before it knew its run. */
  readonly started?: Date;
}

/**
 * Keeps the part up to date while `work` is under way. A fault is recorded and thrown on; where the lease was lost,
 * nothing is recorded, and the loss is thrown.
 */
export async function recordPart<S extends StepName>(
  context: Pick<PipelineContext, "store" | "clock" | "logger">,
  runId: string,
  step: S,
  work: () => Promise<StepResult<S>>,
  { held, started = context.clock.now() }: PartRecording = {},
): Promise<StepResult<S>> {
  const { store, clock, logger } = context;
  const attempts = ((await readPart(context, runId, step))?.attempts ?? 0) + 1;
  const write = (part: Partial<z.infer<typeof partSchema>>) =>
    writeDocument(store, stepKey(runId, step), {
      step,
      status: "running",
      duration_ms: Math.max(0, clock.now().getTime() - started.getTime()),
      attempts,
      started_at: started.toISOString(),
      error: null,
      ...part,
    });

  await write({});
  try {
    const result = await work();
    await write({ status: "succeeded", result });
    return result;
  } catch (fault) {
    const error = held === undefined ? fault : await held.explain(fault);
    // Whoever lost the lease changes nothing more: the part belongs to the one who works now.
    if (!ToplineError.is(error, "LEASE_LOST")) {
      await write({ status: "failed", error: toFault(error) }).catch((fault: unknown) =>
        logger.warn("The step's failure could not be recorded", { error: String(fault) }),
      );
    }
    throw error;
  }
}
