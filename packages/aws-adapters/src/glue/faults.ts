import { ToplineError } from "@topline/core";

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
  const { name, message, status } = described(error);
  const cause = { cause: error };
  const answer = `${status === undefined ? "" : `${status} `}${name}: ${message}`;
  if (passes(error)) {
    return new ToplineError(
      "ENGINE_UNAVAILABLE",
      `Glue did not get ${operation} of job ${jobName} done; the last answer was ${answer}. Try again later; if it stays so, check the endpoint and the network.`,
      { ...cause, isRetryable: true },
    );
  }
  if (name === "EntityNotFoundException") return noSuchJob(jobName, cause);
  const remedy = isDenied(name, status)
    ? `Check the credentials, and that they may ${permissions[operation]} on it.`
    : "Check the job's definition, the region and the endpoint.";
  return new ToplineError(
    "ENGINE_UNAVAILABLE",
    `Glue refused ${operation} of job ${jobName}: ${answer}. ${remedy}`,
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

const networkCodes = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

const passingNames = new Set([
  "TimeoutError",
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
export function passes(error: unknown): boolean {
  const { name, status, code, retryable } = described(error);
  if (status === 429 || (status !== undefined && status >= 500 && status !== 501)) return true;
  return retryable || passingNames.has(name) || networkCodes.has(code);
}

/** What the SDK hangs on an error, of which none is certain to be there. */
function described(error: unknown) {
  const found = error as
    | {
        readonly name?: string;
        readonly message?: string;
        readonly code?: string;
        readonly $retryable?: unknown;
        readonly $metadata?: { readonly httpStatusCode?: number };
      }
    | undefined;
  return {
    name: found?.name ?? "Error",
    message: found?.message ?? String(error),
    code: found?.code ?? "",
    status: found?.$metadata?.httpStatusCode,
    retryable: found?.$retryable !== undefined,
  };
}
