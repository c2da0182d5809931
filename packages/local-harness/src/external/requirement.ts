import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import { type TableSpec, ToplineError } from "@topline/core";

/** An S3 and a DynamoDB that are there already: AWS itself, or whatever the clients' endpoints are. */
export interface ExternalTarget {
  readonly s3: S3Client;
  readonly dynamo: DynamoDBDocumentClient;
  readonly bucket: string;
  /** Before every table name. */
  readonly prefix: string;
  readonly tables: readonly TableSpec[];
}

/** Something that a pipeline needs of the target. */
export interface Requirement {
  /** Such as `bucket topline`, `table PIPELINE_RUNS`. */
  readonly name: string;
  readonly met: boolean;
  readonly needed_for: string;
  /** What was found instead and what to do; null where it is met. */
  readonly remedy: string | null;
  /** Nothing is known to be missing: the service did not answer, or was busy, and asking later may help. */
  readonly is_retryable: boolean;
}

export const met = (name: string, neededFor: string): Requirement => ({
  name,
  met: true,
  needed_for: neededFor,
  remedy: null,
  is_retryable: false,
});

export const unmet = (name: string, neededFor: string, remedy: string): Requirement => ({
  name,
  met: false,
  needed_for: neededFor,
  remedy,
  is_retryable: false,
});

/** Unmet as far as one can tell: looking for it ended with this. */
export const unknown = (name: string, neededFor: string, error: unknown): Requirement => ({
  ...unmet(name, neededFor, error instanceof Error ? error.message : String(error)),
  is_retryable: ToplineError.is(error) && error.isRetryable,
});
