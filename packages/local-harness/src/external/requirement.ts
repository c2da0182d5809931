import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import type { TableSpec } from "@topline/core";

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
}

export const met = (name: string, neededFor: string): Requirement => ({
  name,
  met: true,
  needed_for: neededFor,
  remedy: null,
});

export const unmet = (name: string, neededFor: string, remedy: string): Requirement => ({
  name,
  met: false,
  needed_for: neededFor,
  remedy,
});
