import { writeDocument } from "../documents.ts";
import { toFault } from "../errors.ts";
import { reportKey } from "../layout.ts";
import type { RunReport, StepName } from "../report.ts";
import { archive } from "./archive.ts";
import { detect } from "./detect.ts";
import type { PipelineContext } from "./ports.ts";
import { assembleReport, failedReport, idleReport } from "./report.ts";
import { withLease } from "./lease.ts";
import type { ValidateResult } from "./step-part.ts";
import { summarize } from "./summary.ts";
import { transform } from "./transform.ts";
import { readManifest } from "./stored-manifest.ts";
import { validate, type ValidateOptions } from "./validate.ts";

export interface RunOptions extends ValidateOptions {
  /** Told as each step begins. */
  readonly onStep?: (step: StepName, runId: string) => void;
}

/**
 * The four steps in one process: finishes the open run, if any, then runs over the inbox. Returns the last
 * report: that of the finished run, where nothing was left for one of its own. A fault is in the report.
 */
export async function run(context: PipelineContext, options: RunOptions): Promise<RunReport> {
  const started = context.clock.now();
  let finished: RunReport | undefined;
  let current = options.runId;
  try {
    options.onStep?.("detect", current);
    await detect(context, current);
    for (;;) {
      options.onStep?.("validate", options.runId);
      const validated = await validate(context, options);
      if (validated.status === "nothing-to-do" && finished !== undefined) return finished;
      if (validated.status !== "ready") return await idle(context, validated, started);
      current = validated.run_id;
      options.onStep?.("transform", current);
      await transform(context, current);
      options.onStep?.("archive", current);
      await archive(context, current);
      finished = await assembleReport(context, current);
      if (current === options.runId) return finished;
    }
  } catch (error) {
    const fault = toFault(error);
    context.logger.error(fault.message, { code: fault.code, run_id: current });
    return failure(context, current, fault, started);
  }
}

/** A run that waits is in the ledger with its report; one without anything to do leaves no trace. */
async function idle(
  context: PipelineContext,
  validated: ValidateResult,
  started: Date,
): Promise<RunReport> {
  const report = idleReport(context, validated, started, context.clock.now());
  if (report.status === "waiting") {
    await writeDocument(context.store, reportKey(report.run_id), report);
    await withLease(context, ({ lease }) => context.ledger.record(summarize(report), lease));
  }
  return report;
}

async function failure(
  context: PipelineContext,
  runId: string,
  error: RunReport["error"] & object,
  started: Date,
): Promise<RunReport> {
  const manifest = await readManifest(context.store, runId).catch(() => undefined);
  const finished = context.clock.now();
  if (manifest === undefined) return failedReport(context, runId, error, started, finished);
  const report = await assembleReport(context, runId).catch(() =>
    failedReport(context, runId, error, started, finished),
  );
  return { ...report, status: "failed", error, finished_at: finished.toISOString() };
}
