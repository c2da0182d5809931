import { isDeepStrictEqual } from "node:util";
import {
  CreateJobCommand,
  type CreateJobCommandInput,
  GetJobCommand,
  type GlueClient,
  type Job,
  UpdateJobCommand,
} from "@aws-sdk/client-glue";
import { faultOf, isNamed } from "./faults.ts";

/** A job as it is to be: what is not said is left to Glue's defaults. */
export type GlueJobDefinition = Omit<CreateJobCommandInput, "Name" | "Tags"> & {
  readonly Name: string;
};

/**
 * Makes the job, or makes it what it is to be. May be repeated, and called from several places at once.
 * @returns what was done
 * @throws {ToplineError} `ENGINE_UNAVAILABLE`
 */
export async function ensureGlueJob(
  client: GlueClient,
  definition: GlueJobDefinition,
): Promise<"created" | "updated" | "unchanged"> {
  const { Name: jobName, ...wanted } = definition;
  const present = await getJob(client, jobName);
  if (present === undefined) {
    try {
      await client.send(new CreateJobCommand(definition));
      return "created";
    } catch (error) {
      const isThere = isNamed(
        error,
        "AlreadyExistsException",
        "IdempotentParameterMismatchException",
      );
      if (!isThere) throw faultOf(error, { operation: "CreateJob", jobName });
    }
  } else if (isSame(present, wanted)) return "unchanged";
  try {
    await client.send(new UpdateJobCommand({ JobName: jobName, JobUpdate: wanted }));
    return "updated";
  } catch (error) {
    throw faultOf(error, { operation: "UpdateJob", jobName });
  }
}

/** @throws {ToplineError} `ENGINE_UNAVAILABLE` */
export async function glueJobExists(client: GlueClient, jobName: string): Promise<boolean> {
  return (await getJob(client, jobName)) !== undefined;
}

async function getJob(client: GlueClient, jobName: string): Promise<Job | undefined> {
  try {
    return (await client.send(new GetJobCommand({ JobName: jobName }))).Job;
  } catch (error) {
    if (isNamed(error, "EntityNotFoundException")) return undefined;
    throw faultOf(error, { operation: "GetJob", jobName });
  }
}

/** In what is said of it. */
function isSame(present: Job, wanted: Omit<GlueJobDefinition, "Name">): boolean {
  const found = present as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).every(([field, value]) => isDeepStrictEqual(found[field], value));
}
