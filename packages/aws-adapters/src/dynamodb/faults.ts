import { type Lease, ToplineError } from "@topline/core";

/**
 * What DynamoDB's answers mean to a caller of the ports: the one place where they are told apart.
 * By the time that a fault arrives here, the SDK has spent its attempts.
 */

/** A call as messages name it. */
export interface DynamoCall {
  /** Such as `Query`. */
  readonly operation: string;
  readonly tables: readonly string[];
}

export function faultOf(error: unknown, { operation, tables }: DynamoCall): ToplineError {
  if (error instanceof ToplineError) return error;
  const { name, message, status, attempts } = described(error);
  const cause = { cause: error };
  const where = tables.join(" and ");
  const answer = `${status === undefined ? "" : `${status} `}${name}: ${message}`;
  if (passes(error)) {
    return new ToplineError(
      "STORE_UNAVAILABLE",
      `DynamoDB did not get ${operation} on ${where} done in ${attempts} attempt(s); the last answer was ${answer}. Try again later; if it stays so, check the endpoint and the network.`,
      cause,
    );
  }
  if (name === "ResourceNotFoundException") {
    return new ToplineError(
      "STORE_REFUSED",
      `Table ${tables.join(" or ")} does not exist. Create the tables (\`topline up\`), or check the table prefix, the region and the endpoint.`,
      cause,
    );
  }
  return new ToplineError(
    "STORE_REFUSED",
    `DynamoDB refused ${operation} on ${where}: ${answer}. ${remedy(name)}`,
    cause,
  );
}

/** Why each action of a transaction was or was not at fault, in their order; `None` for those that were not. */
export function cancellationReasons(error: unknown): readonly string[] | undefined {
  if (described(error).name !== "TransactionCanceledException") return undefined;
  const { CancellationReasons: reasons = [] } = error as {
    readonly CancellationReasons?: readonly { readonly Code?: string }[];
  };
  return reasons.map((reason) => reason.Code ?? "None");
}

export const isConditionFailed = (error: unknown): boolean =>
  described(error).name === "ConditionalCheckFailedException";

/** Two transactions met, or one action of many was throttled: what the SDK does not retry by itself. */
export function isConflict(error: unknown): boolean {
  const reasons = cancellationReasons(error);
  if (reasons === undefined) return conflicts.has(described(error).name);
  return (
    reasons.every((reason) => reason === "None" || conflicts.has(reason)) && reasons.length > 0
  );
}

const conflicts = new Set([
  "TransactionConflict",
  "TransactionConflictException",
  "TransactionInProgressException",
  "ThrottlingError",
  "ProvisionedThroughputExceeded",
]);

export function leaseLost(lease: Lease, cause?: unknown): ToplineError {
  return new ToplineError(
    "LEASE_LOST",
    `Lease ${lease.token} of ${lease.holder} has ended or was taken over; nothing more was changed. Run the step again.`,
    cause === undefined ? {} : { cause },
  );
}

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
  "ThrottlingException",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "InternalServerError",
  "ServiceUnavailable",
  "LimitExceededException",
]);

function passes(error: unknown): boolean {
  const { name, status, code, retryable } = described(error);
  if (isConflict(error) || status === 429 || (status !== undefined && status >= 500)) return true;
  return retryable || passingNames.has(name) || networkCodes.has(code);
}

function remedy(name: string): string {
  if (name === "CredentialsProviderError") {
    return "Give credentials: a profile, a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";
  }
  if (/AccessDenied|UnrecognizedClient|ExpiredToken|InvalidSignature/.test(name)) {
    return "Check the credentials, and the permissions that the README of @topline/aws-adapters lists.";
  }
  return "Check the table's definition and the account's limits.";
}

/** What the SDK hangs on an error, of which none is certain to be there. */
function described(error: unknown) {
  const found = error as
    | {
        readonly name?: string;
        readonly message?: string;
        readonly code?: string;
        readonly $retryable?: unknown;
        readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
      }
    | undefined;
  return {
    name: found?.name ?? "Error",
    message: found?.message ?? String(error),
    code: found?.code ?? "",
    status: found?.$metadata?.httpStatusCode,
    attempts: found?.$metadata?.attempts ?? 1,
    retryable: found?.$retryable !== undefined,
  };
}
