import type { GlueClient, JobRun } from "@aws-sdk/client-glue";
import {
  type Clock,
  type Logger,
  silentLogger,
  ToplineError,
  type TransformJob,
  type TransformJobRequest,
} from "@topline/core";
import type { JobArguments } from "./job-runs.ts";
import { lookingPauses } from "./pauses.ts";
import { startOnce } from "./start.ts";
import { untilOver } from "./watch.ts";

export interface JobRunProgress {
  readonly id: string;
  /** Such as `STARTING`, `RUNNING`. */
  readonly state: string;
  /** What a run that does not run yet waits for, where Glue says so. */
  readonly detail: string | undefined;
}

export interface GlueTransformJobOptions {
  readonly client: GlueClient;
  readonly jobName: string;
  /** Those that every run gets, such as `--bucket`. */
  readonly arguments?: JobArguments;
  readonly clock: Clock;
  readonly logger?: Logger;
  /** From 0 up to 1. Default: `Math.random`. */
  readonly random?: () => number;
  /** Between two looks at a run: from `firstPollMs` (250), half as much more each time, to `longestPollMs` (10,000). */
  readonly firstPollMs?: number;
  readonly longestPollMs?: number;
  /** Where a run's log is, for messages. Default: in CloudWatch. */
  readonly logOf?: (id: string) => string;
  /** Told whenever the state of the run has changed. */
  readonly onProgress?: (progress: JobRunProgress) => void;
}

/** The step transform as a Glue job does it: starts a run, or joins the one that works on it, and waits for its end. */
export function glueTransformJob(options: GlueTransformJobOptions): TransformJob {
  const { client, jobName, clock, logger = silentLogger } = options;
  const { firstPollMs = 250, longestPollMs = 10_000, random = Math.random } = options;
  return {
    name: `glue ${jobName}`,
    async run(request, { signal } = {}) {
      const identity = { ...options.arguments, "--run_id": request.runId };
      const given = { ...identity, ...argumentsOf(request) };
      const common = { client, jobName, clock, signal };
      const id = await startOnce({ ...common, identity, arguments: given, logger, random });
      const run = await untilOver({
        ...common,
        id,
        pauses: lookingPauses(firstPollMs, longestPollMs),
        onLook: news(options, id),
      });
      if (run.JobRunState === "SUCCEEDED") return;
      if (signal?.aborted === true) {
        throw new ToplineError("CANCELLED", `Run ${id} of Glue job ${jobName} was stopped.`);
      }
      throw faultOfRun(options, id, run);
    },
  };
}

/** As the job's script reads them. */
function argumentsOf({ holder, leaseSeconds, waitForLease }: TransformJobRequest): JobArguments {
  return {
    "--holder": holder,
    "--lease_seconds": String(leaseSeconds),
    "--wait_for_lease": String(waitForLease),
  };
}

function news({ logger, onProgress }: GlueTransformJobOptions, id: string): (run: JobRun) => void {
  let last = "";
  return ({ JobRunState: state = "UNKNOWN", StateDetail: detail }) => {
    const now = `${state} ${detail ?? ""}`;
    if (now === last) return;
    last = now;
    logger?.info(`Glue: ${state}`, { job_run: id, ...(detail === undefined ? {} : { detail }) });
    onProgress?.({ id, state, detail });
  };
}

/** The fault of the step, where the job told one; else that of a job that came to grief. */
function faultOfRun(
  { jobName, logOf }: GlueTransformJobOptions,
  id: string,
  run: JobRun,
): ToplineError {
  const { JobRunState: state, ErrorMessage: message = "" } = run;
  const told = ToplineError.parse(message);
  if (told !== undefined) return told;
  const group = run.LogGroupName ?? "/aws-glue/jobs";
  const log = logOf?.(id) ?? `in CloudWatch, ${group}/error and ${group}/output, stream ${id}`;
  const reason = message === "" ? "" : `: ${message}`;
  return new ToplineError(
    "ENGINE_FAILED",
    `Run ${id} of Glue job ${jobName} ended as ${state}${reason}. Its log: ${log}. What it had committed stays, and a repetition goes on from there.`,
    { isRetryable: true },
  );
}
