import { ToplineError } from "@topline/core";
import { answerOf, described, GIVE_CREDENTIALS, mayPass } from "../sdk-error.ts";

/**
 * What S3's answers mean to a caller of the port: the one place where they are told apart.
 * By the time that a fault arrives here, the SDK has spent its attempts.
 */

/** The calls that the adapter makes, each with the permissions that it needs. */
const permissions = {
  ListObjectsV2: ["s3:ListBucket"],
  HeadObject: ["s3:GetObject", "s3:ListBucket"],
  GetObject: ["s3:GetObject", "s3:ListBucket"],
  PutObject: ["s3:PutObject"],
  CopyObject: ["s3:GetObject", "s3:GetObjectTagging", "s3:PutObject", "s3:PutObjectTagging"],
  DeleteObject: ["s3:DeleteObject"],
  ListObjectVersions: ["s3:ListBucketVersions"],
  CreateMultipartUpload: ["s3:PutObject"],
  UploadPart: ["s3:PutObject"],
  UploadPartCopy: ["s3:GetObject", "s3:PutObject"],
  CompleteMultipartUpload: ["s3:PutObject"],
  AbortMultipartUpload: ["s3:AbortMultipartUpload"],
  HeadBucket: ["s3:ListBucket"],
  CreateBucket: ["s3:CreateBucket"],
  PutBucketVersioning: ["s3:PutBucketVersioning"],
} as const;

export interface S3Call {
  readonly operation: keyof typeof permissions;
  readonly bucket: string;
  /** Of a copy, the source: the conditions are on it. */
  readonly key?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Makes one call under its signal; what it throws is a `ToplineError`. */
export async function attempt<T>(
  call: S3Call,
  send: (options: { readonly abortSignal?: AbortSignal }) => Promise<T>,
): Promise<T> {
  try {
    return await send(call.signal === undefined ? {} : { abortSignal: call.signal });
  } catch (error) {
    throw faultOf(error, call);
  }
}

export function faultOf(error: unknown, call: S3Call): ToplineError {
  if (error instanceof ToplineError) return error;
  const told = described(error);
  const { name, status, attempts } = told;
  const cause = { cause: error };
  const subject = subjectOf(call);

  if (call.signal?.aborted === true || name === "AbortError") {
    return new ToplineError("CANCELLED", `${call.operation} of ${subject} was cancelled.`, cause);
  }
  if (status === 412) return conditionFailed(call, cause);
  if (name === "NoSuchUpload") {
    return new ToplineError(
      "STORE_UNAVAILABLE",
      `The upload of ${subject} is no longer there: its last answer was lost, or somebody aborted it. Look whether the object is there; if not, put it again.`,
      cause,
    );
  }
  if (status === 404 && call.key !== undefined && name !== "NoSuchBucket") {
    return new ToplineError("OBJECT_NOT_FOUND", `There is no ${subject}.`, cause);
  }
  if (passes(error)) {
    return new ToplineError(
      "STORE_UNAVAILABLE",
      `S3 did not get ${call.operation} of ${subject} done in ${attempts} attempt(s); the last answer was ${answerOf(told)}. Try again later; if it stays so, check the endpoint and the network.`,
      cause,
    );
  }
  return new ToplineError(
    "STORE_REFUSED",
    `S3 refused ${call.operation} of ${subject}: ${answerOf(told)}. ${remedy(call, name, status)}`,
    cause,
  );
}

function conditionFailed(call: S3Call, cause: { cause: unknown }): ToplineError {
  const { operation, bucket, key = "" } = call;
  return operation === "PutObject" || operation === "CompleteMultipartUpload"
    ? new ToplineError("OBJECT_EXISTS", `There is an ${subjectOf(call)} already.`, cause)
    : changed(bucket, key, cause);
}

export function changed(bucket: string, key: string, cause?: { cause: unknown }): ToplineError {
  const subject = subjectOf({ bucket, key });
  return new ToplineError(
    "OBJECT_CHANGED",
    `The ${subject} was replaced: its ETag is no longer the expected one. Read it again and decide anew.`,
    cause,
  );
}

/** @throws {ToplineError} `CANCELLED` */
export function throwIfAborted(call: S3Call): void {
  if (call.signal?.aborted === true) throw faultOf(call.signal.reason, call);
}

const subjectOf = ({ bucket, key }: Pick<S3Call, "bucket" | "key">): string =>
  key === undefined ? `bucket ${bucket}` : `object ${JSON.stringify(key)} in bucket ${bucket}`;

const passingNames = new Set([
  "RequestTimeout",
  "SlowDown",
  "ServiceUnavailable",
  "ThrottlingException",
  "ConditionalRequestConflict",
  "OperationAborted",
]);

const passes = (error: unknown): boolean => mayPass(error, passingNames);

function remedy({ operation, bucket, key }: S3Call, name: string, status?: number): string {
  if (name === "NoSuchBucket" || status === 404) {
    return `Create bucket ${bucket}, or check its name, the region and the endpoint.`;
  }
  if (name === "AccessDenied" || status === 403) {
    const where = key === undefined ? bucket : `${bucket}/${key}`;
    return `Check the credentials, and that they may ${permissions[operation].join(" and ")} on ${where} (also in the bucket's policy and the KMS key's).`;
  }
  if (name === "CredentialsProviderError") {
    return GIVE_CREDENTIALS;
  }
  if (status === 301 || status === 307 || name === "PermanentRedirect") {
    return `Bucket ${bucket} is in another region: check the client's.`;
  }
  return "Check the bucket's name, the region, the endpoint and the key (at most 1,024 bytes).";
}
