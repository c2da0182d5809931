import { HeadObjectCommand, type HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import { type ObjectHead, ToplineError } from "@topline/core";
import type { Bucket } from "./bucket.ts";
import { attempt, changed } from "./faults.ts";
import { decodeMetadata } from "./metadata.ts";

interface HeadOptions {
  readonly ifMatch?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** `undefined` where no object has the key. */
export async function head(
  bucket: Bucket,
  key: string,
  options: HeadOptions = {},
): Promise<ObjectHead | undefined> {
  try {
    const answer = await headers(bucket, key, options);
    return {
      key,
      size: answer.ContentLength ?? 0,
      etag: answer.ETag ?? "",
      lastModified: answer.LastModified ?? new Date(0),
      metadata: decodeMetadata(answer.Metadata),
    };
  } catch (error) {
    if (ToplineError.is(error, "OBJECT_NOT_FOUND")) return undefined;
    throw error;
  }
}

/** @throws {ToplineError} `OBJECT_NOT_FOUND`, `OBJECT_CHANGED` */
export async function headers(
  { client, name }: Bucket,
  key: string,
  { ifMatch, signal }: HeadOptions,
): Promise<HeadObjectCommandOutput> {
  const command = new HeadObjectCommand({ Bucket: name, Key: key });
  const answer = await attempt({ operation: "HeadObject", bucket: name, key, signal }, (options) =>
    client.send(command, options),
  );
  if (ifMatch !== undefined && answer.ETag !== ifMatch) throw changed(name, key);
  return answer;
}
