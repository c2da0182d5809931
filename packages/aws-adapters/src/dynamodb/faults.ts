import { type Lease, ToplineError } from "@topline/core";
import { answerOf, described, GIVE_CREDENTIALS, mayPass } from "../sdk-error.ts";

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
  const told = described(error);
  const { name, attempts } = told;
  const cause = { cause: error };
  const where = tables.join(" and ");
  if (passes(error)) {
    return new ToplineError(
      "STORE_UNAVAILABLE",
      `DynamoDB did not get ${operation} on ${where} done in ${attempts} attempt(s); the last answer was ${answerOf(told)}. Try again later; if it stays so, check the endpoint and the network.`,
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
    `DynamoDB refused ${operation} on ${where}: ${answerOf(told)}. ${remedy(name)}`,
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

const passingNames = new Set([
  "ThrottlingException",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "InternalServerError",
  "ServiceUnavailable",
  "LimitExceededException",
]);

const passes = (error: unknown): boolean => isConflict(error) || mayPass(error, passingNames);

function remedy(name: string): string {
  if (name === "CredentialsProviderError") {
    return GIVE_CREDENTIALS;
  }
  if (/AccessDenied|UnrecognizedClient|ExpiredToken|InvalidSignature/.test(name)) {
    return "Check the credentials, and the permissions that the README of @topline/aws-adapters lists.";
  }
  return "Check the table's definition and the account's limits.";
}
