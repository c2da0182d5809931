import {
  CopyObjectCommand,
  type HeadObjectCommandOutput,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import type { CopyOptions } from "@topline/core";
import type { Bucket } from "./bucket.ts";
import { attempt, type S3Call } from "./faults.ts";
import { headers } from "./head.ts";
import { encodeMetadata } from "./metadata.ts";
import { uploadInParts } from "./multipart.ts";
import { LARGEST_PART, MOST_PARTS, type Span, spans } from "./parts.ts";
import { retryingConflicts } from "./retries.ts";

/** The bytes stay in S3, so parts can be large. */
const COPY_PART = 256 * 1024 ** 2;

/**
 * One CopyObject up to `singleRequestLimit`, else parts, all of them under the one ETag that the head showed.
 * The head is also what refuses a changed source where the endpoint overlooks conditions on copies. Content
 * type and the like are kept in every case; tags are kept by a CopyObject that keeps the metadata, no other.
 */
export async function copy(
  bucket: Bucket,
  from: string,
  to: string,
  { ifSourceMatch, metadata, signal }: CopyOptions,
): Promise<{ readonly etag: string }> {
  const source = await headers(bucket, from, { ifMatch: ifSourceMatch, signal });
  const size = source.ContentLength ?? 0;
  if (size <= bucket.singleRequestLimit) {
    return copyWhole(bucket, from, to, { ifSourceMatch, metadata, signal, source });
  }

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

interface WholeCopy {
  readonly ifSourceMatch: string | undefined;
  readonly metadata: CopyOptions["metadata"] | undefined;
  readonly signal: AbortSignal | undefined;
  readonly source: HeadObjectCommandOutput;
}

async function copyWhole(
  bucket: Bucket,
  from: string,
  to: string,
  { ifSourceMatch, metadata, signal, source }: WholeCopy,
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
