import {
  BatchStopJobRunCommand,
  GetJobRunCommand,
  type GlueClient,
  type JobRun,
} from "@aws-sdk/client-glue";
import { type Clock, ToplineError } from "@topline/core";
import { faultOf, passes } from "./faults.ts";
import { isLive } from "./job-runs.ts";
import type { Pauses } from "./pauses.ts";

export interface WatchOptions {
  readonly client: GlueClient;
  readonly jobName: string;
  readonly id: string;
  readonly clock: Clock;
  readonly pauses: Pauses;
  readonly signal: AbortSignal | undefined;
  /** Told after every look. */
  readonly onLook: (run: JobRun) => void;
}

/** Looks in a row that fail, each after all attempts of the SDK. */
const MOST_MISSES = 10;
const MOST_MISSES_STOPPING = 2;

/**
 * Looks at a run until it is over; when the signal aborts, has it stopped, and goes on looking.
 * @throws {ToplineError} `ENGINE_UNAVAILABLE` when it cannot be seen any more; `CANCELLED` when that happens while
 *   it is being stopped
 */
export async function untilOver(options: WatchOptions): Promise<JobRun> {
  const { clock, pauses, signal, onLook } = options;
  let isStopping = false;
  for (let misses = 0; ;) {
    if (signal?.aborted === true && !isStopping) pauses.reset();
    isStopping = signal?.aborted === true;
    try {
      const run = await look(options);
      misses = 0;
      onLook(run);
      if (!isLive(run)) return run;
      if (isStopping && run.JobRunState !== "STOPPING") await stop(options);
    } catch (error) {
      misses++;
      if (isStopping && misses >= MOST_MISSES_STOPPING) throw notSeenToStop(options, error);
      if (!passes(error) || misses >= MOST_MISSES) {
        throw faultOf(error, { operation: "GetJobRun", jobName: options.jobName });
      }
    }
    await clock.sleep(pauses.next(), isStopping ? undefined : signal);
  }
}

async function look({ client, jobName: JobName, id: RunId }: WatchOptions): Promise<JobRun> {
  const { JobRun: run } = await client.send(new GetJobRunCommand({ JobName, RunId }));
  return run ?? {};
}

/** What it says of a run that cannot be stopped, the next look tells: it has just ended, or is about to run. */
async function stop({ client, jobName: JobName, id }: WatchOptions): Promise<void> {
  await client.send(new BatchStopJobRunCommand({ JobName, JobRunIds: [id] }));
}

function notSeenToStop({ jobName, id }: WatchOptions, cause: unknown): ToplineError {
  return new ToplineError(
    "CANCELLED",
    `Cancelled, but run ${id} of Glue job ${jobName} was not seen to stop: Glue does not answer. If it still works, a repetition waits for it.`,
    { cause },
  );
}
