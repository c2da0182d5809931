import { type GlueClient, StartJobRunCommand } from "@aws-sdk/client-glue";
import { type Clock, type Logger, ToplineError } from "@topline/core";
import { faultOf, isNamed, passes } from "./faults.ts";
import { findLiveRun, type JobArguments } from "./job-runs.ts";
import { retryPauses } from "./pauses.ts";

export interface StartOptions {
  readonly client: GlueClient;
  readonly jobName: string;
  /** What makes a run this run: another that has the same is the same. */
  readonly identity: JobArguments;
  readonly arguments: JobArguments;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly signal: AbortSignal | undefined;
}

const MOST_ATTEMPTS = 6;

/**
 * Starts a run of the job, unless one with the same identity is under way: that is the one then. StartJobRun has no
 * token that would make it safe to repeat, so after an answer that was lost it is looked for first.
 *
 * @returns the run's id
 * @throws {ToplineError} `ENGINE_UNAVAILABLE`; `CANCELLED`, and then none was started
 */
export async function startOnce(options: StartOptions): Promise<string> {
  const { client, jobName, clock, logger, random, signal } = options;
  const call = { operation: "StartJobRun", jobName } as const;
  const pauses = retryPauses(random);
  let attempts = 0;
  let isWaiting = false;
  let isUncertain = false;
  for (;;) {
    // What may have been started must be found, so that it can be stopped.
    if (!isUncertain) throwIfAborted(signal, jobName);
    const present = await findLiveRun(client, jobName, options.identity);
    if (present?.Id !== undefined && present.JobRunState !== "STOPPING") return present.Id;
    throwIfAborted(signal, jobName);
    if (present === undefined) {
      try {
        const { JobRunId } = await client.send(once(start(options)));
        if (JobRunId !== undefined) return JobRunId;
        throw new Error("The answer names no job run.");
      } catch (error) {
        const reason = error instanceof OnlyAttempt ? error.reason : error;
        const mustWait = isNamed(reason, "ConcurrentRunsExceededException");
        if (!mustWait && (!passes(reason) || ++attempts >= MOST_ATTEMPTS)) {
          throw faultOf(reason, call);
        }
        if (mustWait && !isWaiting) {
          logger.warn(`Waiting. Glue job ${jobName} runs as often as it may at once.`);
        }
        isWaiting = mustWait;
        isUncertain = !mustWait;
      }
    }
    await clock.sleep(pauses.next(), isUncertain ? undefined : signal);
  }
}

const start = ({ jobName: JobName, arguments: Arguments }: StartOptions) =>
  new StartJobRunCommand({ JobName, Arguments: { ...Arguments } });

function throwIfAborted(signal: AbortSignal | undefined, jobName: string): void {
  if (signal?.aborted === true) {
    throw new ToplineError("CANCELLED", `Cancelled before a run of Glue job ${jobName} began.`);
  }
}

/** A failure that the SDK does not know again, and so does not repeat by itself. */
class OnlyAttempt extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super("The call failed, and is not to be repeated unseen.");
    this.reason = reason;
  }
}

/** From inside the SDK's retry loop, whose attempts, timeouts and quota are the client's otherwise. */
function once(command: StartJobRunCommand): StartJobRunCommand {
  command.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        throw new OnlyAttempt(error);
      }
    },
    { step: "deserialize", priority: "high", name: "toplineOnce" },
  );
  return command;
}
