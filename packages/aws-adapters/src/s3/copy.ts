import {
  CopyObjectCommand,
  type HeadObjectCommandOutput,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { type CopyOptions, ToplineError } from "@topline/core";
import type { Bucket } from "./bucket.ts";
import { deleteObject } from "./delete.ts";
import { attempt, changed, type S3Call } from "./faults.ts";
import { headers } from "./head.ts";
import { encodeMetadata } from "./metadata.ts";
import { uploadInParts } from "./multipart.ts";
import { LARGEST_PART, MOST_PARTS, type Span, spans } from "./parts.ts";
import { retryingConflicts } from "./retries.ts";

/** The bytes stay in S3, so parts can be large. */
const COPY_PART = 256 * 1024 ** 2;

/**
 * One CopyObject up to `singleRequestLimit`, else parts, all of them under the one ETag that the head showed.
 * Content type and the like are kept in every case; tags are kept by a CopyObject that keeps the metadata, no other.
 *
 * Some endpoints overlook conditions on a copy's source (moto). So the source is looked at before, and again
 * after unless the copy's own ETag shows that it holds the same bytes: what replaced the source is never kept.
 */
export async function copy(
  bucket: Bucket,
  from: string,
  to: string,
  options: CopyOptions,
): Promise<{ readonly etag: string }> {
  const { ifSourceMatch, signal } = options;
  const source = await headers(bucket, from, { ifMatch: ifSourceMatch, signal });
  const size = source.ContentLength ?? 0;
  const isWhole = size <= bucket.singleRequestLimit;
  const copied = await (isWhole ? copyWhole : copyParts)(bucket, from, to, options, source);
  const expected = isWhole ? ifSourceMatch : source.ETag;
  if (expected !== undefined && copied.etag !== expected) {
    await stillIs(bucket, from, to, { ifMatch: expected, signal });
  }
  return copied;
}

/** @throws {ToplineError} `OBJECT_CHANGED`; the copy is gone then */
async function stillIs(
  bucket: Bucket,
  from: string,
  to: string,
  options: { readonly ifMatch: string; readonly signal: AbortSignal | undefined },
): Promise<void> {
  try {
    await headers(bucket, from, options);
  } catch (error) {
    if (ToplineError.is(error, "OBJECT_NOT_FOUND")) {
      // Deleted since: what was copied is known to be what was asked for only by a source that is there.
      await deleteObject(bucket, to, undefined);
      throw changed(bucket.name, from, { cause: error });
    }
    if (ToplineError.is(error, "OBJECT_CHANGED")) await deleteObject(bucket, to, undefined);
    throw error;
  }
}

async function copyParts(
  bucket: Bucket,
  from: string,
  to: string,
  { metadata, signal }: CopyOptions,
  source: HeadObjectCommandOutput,
): Promise<{ readonly etag: string }> {
  const size = source.ContentLength ?? 0;
  const upload = {
    key: to,
    object: {
      ...contentHeaders(source),
      Metadata: metadata === undefined ? source.Metadata : encodeMetadata(metadata),
    },
    signal,
  };
  const partSize = Math.max(
    Math.min(COPY_PART, bucket.singleRequestLimit),
    Math.ceil(size / MOST_PARTS),
  );
  const parts = spans(0, size - 1, Math.min(partSize, LARGEST_PART));
  return uploadInParts<Span>(bucket, upload, parts, async ({ first, last }, slot) => {
    const command = new UploadPartCopyCommand({
      Bucket: bucket.name,
      Key: to,
      CopySource: copySource(bucket, from),
      CopySourceIfMatch: source.ETag,
      CopySourceRange: `bytes=${first}-${last}`,
      UploadId: slot.UploadId,
      PartNumber: slot.PartNumber,
    });
    const { CopyPartResult } = await attempt(
      callOf("UploadPartCopy", bucket, from, slot.signal),
      (options) => bucket.client.send(command, options),
    );
    return { ETag: CopyPartResult?.ETag, ChecksumCRC32: CopyPartResult?.ChecksumCRC32 };
  });
}

async function copyWhole(
  bucket: Bucket,
  from: string,
  to: string,
  { ifSourceMatch, metadata, signal }: CopyOptions,
  source: HeadObjectCommandOutput,
): Promise<{ readonly etag: string }> {
  const replaced =
    metadata === undefined
      ? {}
      : {
          ...contentHeaders(source),
          MetadataDirective: "REPLACE" as const,
          Metadata: encodeMetadata(metadata),
        };
  const command = new CopyObjectCommand({
    Bucket: bucket.name,
    Key: to,
    CopySource: copySource(bucket, from),
    CopySourceIfMatch: ifSourceMatch,
    ...replaced,
  });
  const { CopyObjectResult } = await attempt(
    callOf("CopyObject", bucket, from, signal),
    (options) => bucket.client.send(retryingConflicts(command), options),
  );
  return { etag: CopyObjectResult?.ETag ?? "" };
}

/** A header, not a path: the SDK leaves its encoding to the caller. */
const copySource = ({ name }: Bucket, key: string): string =>
  `${name}/${key.split("/").map(encodeURIComponent).join("/")}`;

const contentHeaders = (source: HeadObjectCommandOutput) => ({
  CacheControl: source.CacheControl,
  ContentDisposition: source.ContentDisposition,
  ContentEncoding: source.ContentEncoding,
  ContentLanguage: source.ContentLanguage,
  ContentType: source.ContentType,
});

const callOf = (
  operation: S3Call["operation"],
  { name }: Bucket,
  key: string,
  signal: AbortSignal | undefined,
): S3Call => ({ operation, bucket: name, key, signal });
