import { ToplineError } from "../errors.ts";
import { stepKey } from "../layout.ts";
import type { TransformJob } from "../ports/transform-job.ts";
import type { PipelineContext } from "./ports.ts";
import { requireManifest, requireOpen } from "./stored-manifest.ts";
import { readPart, type StepPart, type TransformResult } from "./step-part.ts";

/**
 * The step where a job does it: what holds of the run is looked at first, since a job takes its time to start; the
 * lease and every change are the job's; what it yielded is what it left in the bucket.
 */
export async function transformByJob(
  context: PipelineContext,
  job: TransformJob,
  runId: string,
): Promise<TransformResult> {
  const { holder, leaseSeconds, waitForLease, logger, signal } = context;
  await requireManifest(context.store, runId);
  const before = await readPart(context, runId, "transform");
  if (before?.result !== undefined) return before.result;
  await requireOpen(context, runId);

  logger.info(`Left to ${job.name}`);
  const request = { runId, holder, leaseSeconds, waitForLease };
  const fault = await job.run(request, signal === undefined ? {} : { signal }).then(
    () => undefined,
    (error: unknown) => ToplineError.from(error),
  );
  const after = await readPart(context, runId, "transform").catch((error: unknown) => {
    throw fault ?? error;
  });
  // What ended after its work was done has done its work.
  if (after?.result !== undefined) return after.result;
  throw fault === undefined ? leftNothing(job, runId) : exact(fault, before, after);
}

type Part = StepPart<"transform"> | undefined;

/** The fault as the job itself recorded it, whole and with what it knew of a retry, where that is this fault. */
function exact(fault: ToplineError, before: Part, after: Part): ToplineError {
  const isRecorded = after !== undefined && after.attempts > (before?.attempts ?? 0);
  if (!isRecorded || after.error?.code !== fault.code) return fault;
  const { message, is_retryable: isRetryable } = after.error;
  return new ToplineError(fault.code, message, { isRetryable, cause: fault });
}

function leftNothing(job: TransformJob, runId: string): ToplineError {
  return new ToplineError(
    "ENGINE_FAILED",
    `${job.name} ended with success, but left no result of run ${runId} in ${stepKey(runId, "transform")}. Either it is not Topline's job, or it works on another bucket: look at its script and its arguments.`,
  );
}
