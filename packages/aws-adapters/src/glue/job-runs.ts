import { type GlueClient, type JobRun, paginateGetJobRuns } from "@aws-sdk/client-glue";
import { faultOf } from "./faults.ts";

/** Parameters that a run of a job was given. */
export type JobArguments = Readonly<Record<string, string>>;

const live = new Set<string | undefined>(["STARTING", "RUNNING", "WAITING", "STOPPING"]);

export const isLive = ({ JobRunState: state }: JobRun): boolean => live.has(state);

/**
 * The run of a job that was given these arguments and is not over. Glue lists the newest first: the first page
 * without any live run ends the search.
 *
 * @throws {ToplineError} `ENGINE_UNAVAILABLE`
 */
export async function findLiveRun(
  client: GlueClient,
  jobName: string,
  given: JobArguments,
): Promise<JobRun | undefined> {
  for await (const runs of pages(client, jobName)) {
    const found = runs.find((run) => isLive(run) && has(run, given));
    if (found !== undefined || !runs.some(isLive)) return found;
  }
  return undefined;
}

export interface FoundJobRun {
  readonly id: string;
  /** Such as `RUNNING`. */
  readonly state: string;
}

/**
 * The newest run of a job that was given these arguments, among its newest 200 runs.
 * @throws {ToplineError} `ENGINE_UNAVAILABLE`
 */
export async function findJobRun(
  client: GlueClient,
  jobName: string,
  given: JobArguments,
): Promise<FoundJobRun | undefined> {
  for await (const runs of pages(client, jobName)) {
    const found = runs.find((run) => has(run, given));
    return found === undefined
      ? undefined
      : { id: found.Id ?? "", state: found.JobRunState ?? "UNKNOWN" };
  }
  return undefined;
}

const has = ({ Arguments: found = {} }: JobRun, given: JobArguments): boolean =>
  Object.entries(given).every(([name, value]) => found[name] === value);

async function* pages(client: GlueClient, JobName: string): AsyncGenerator<readonly JobRun[]> {
  try {
    const found = paginateGetJobRuns({ client, pageSize: 200 }, { JobName });
    for await (const { JobRuns = [] } of found) yield JobRuns;
  } catch (error) {
    throw faultOf(error, { operation: "GetJobRuns", jobName: JobName });
  }
}
