import { paginateListObjectsV2 } from "@aws-sdk/client-s3";
import type { ListOptions, StoredObject } from "@topline/core";
import type { Bucket } from "./bucket.ts";
import { faultOf, type S3Call, throwIfAborted } from "./faults.ts";

/** Page by page, 1,000 keys each, in the order that S3 gives: that of the keys' UTF-8 bytes. */
export async function* list(
  { client, name }: Bucket,
  prefix: string,
  { startAfter, signal }: ListOptions,
): AsyncGenerator<StoredObject> {
  const call: S3Call = { operation: "ListObjectsV2", bucket: name, signal };
  // Keys may hold what XML cannot.
  const input = {
    Bucket: name,
    Prefix: prefix,
    EncodingType: "url" as const,
    ...(startAfter === undefined ? {} : { StartAfter: startAfter }),
  };
  const pages = paginateListObjectsV2({ client }, input, { abortSignal: signal });
  try {
    throwIfAborted(call);
    for await (const { Contents, EncodingType } of pages) {
      for (const { Key, Size, ETag, LastModified } of Contents ?? []) {
        throwIfAborted(call);
        yield {
          key: keyIn(Key, EncodingType),
          size: Size ?? 0,
          etag: ETag ?? "",
          lastModified: LastModified ?? new Date(0),
        };
      }
    }
  } catch (error) {
    throw faultOf(error, call);
  }
}

/** A key as a list tells it. S3 writes a blank as `+`, and `+` as `%2B`. */
export const keyIn = (listed = "", encoding?: string): string =>
  encoding === "url" ? decodeURIComponent(listed.replaceAll("+", " ")) : listed;
