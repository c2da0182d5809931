import { ToplineError } from "@topline/core";
import { answerOf, described, mayPass } from "../sdk-error.ts";

/**
 * What Glue's answers mean to a caller of the port: the one place where they are told apart.
 */

export interface GlueCall {
  readonly operation: keyof typeof permissions;
  readonly jobName: string;
}

const permissions = {
  BatchStopJobRun: "glue:BatchStopJobRun",
  CreateJob: "glue:CreateJob and iam:PassRole",
  GetJob: "glue:GetJob",
  GetJobRun: "glue:GetJobRun",
  GetJobRuns: "glue:GetJobRuns",
  StartJobRun: "glue:StartJobRun",
  UpdateJob: "glue:UpdateJob and iam:PassRole",
} as const;

export function faultOf(error: unknown, { operation, jobName }: GlueCall): ToplineError {
  if (error instanceof ToplineError) return error;
  const told = described(error);
  const { name, status } = told;
  const cause = { cause: error };
  if (passes(error)) {
    return new ToplineError(
      "ENGINE_UNAVAILABLE",
      `Glue did not get ${operation} of job ${jobName} done; the last answer was ${answerOf(told)}. Try again later; if it stays so, check the endpoint and the network.`,
      { ...cause, isRetryable: true },
    );
  }
  if (name === "EntityNotFoundException") return noSuchJob(jobName, cause);
  const remedy = isDenied(name, status)
    ? `Check the credentials, and that they may ${permissions[operation]} on it.`
    : "Check the job's definition, the region and the endpoint.";
  return new ToplineError(
    "ENGINE_UNAVAILABLE",
    `Glue refused ${operation} of job ${jobName}: ${answerOf(told)}. ${remedy}`,
    cause,
  );
}

export const noSuchJob = (jobName: string, cause: { readonly cause?: unknown } = {}) =>
  new ToplineError(
    "ENGINE_UNAVAILABLE",
    `There is no Glue job ${jobName}. Deploy it, or check its name (glue.jobName of the configuration), the region and the endpoint.`,
    cause,
  );

export const isNamed = (error: unknown, ...names: readonly string[]): boolean =>
  names.includes(described(error).name);

const isDenied = (name: string, status: number | undefined): boolean =>
  status === 403 || name === "AccessDeniedException" || name === "CredentialsProviderError";

const passingNames = new Set([
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "TooManyRequestsException",
  "RequestLimitExceeded",
  "InternalServiceException",
  "OperationTimeoutException",
  "ResourceNumberLimitExceededException",
  "ConcurrentModificationException",
]);

/** Whether the same call may succeed later. */
export const passes = (error: unknown): boolean => mayPass(error, passingNames);
