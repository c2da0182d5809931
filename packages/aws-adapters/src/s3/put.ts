import {
  PutObjectCommand,
  UploadPartCommand,
  type UploadPartCommandOutput,
} from "@aws-sdk/client-s3";
import type { PutOptions } from "@topline/core";
import type { Bucket } from "./bucket.ts";
import { attempt, throwIfAborted } from "./faults.ts";
import { encodeMetadata } from "./metadata.ts";
import { type PartSlot, uploadInParts } from "./multipart.ts";
import { cut, streamPartSize } from "./parts.ts";
import { retryingConflicts } from "./retries.ts";

type Put = { readonly etag: string };

/** Bytes, and streams that fit one part, go in one request; the rest in parts. */
export async function put(
  bucket: Bucket,
  key: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  options: PutOptions,
): Promise<Put> {
  const { signal } = options;
  throwIfAborted({ operation: "PutObject", bucket: bucket.name, key, signal });
  if (body instanceof Uint8Array && body.byteLength <= bucket.singleRequestLimit) {
    return putWhole(bucket, key, body, options);
  }
  const stream = body instanceof Uint8Array ? once(body) : body;
  const sent: Uint8Array[] = [];
  const parts = cut(stream, (index) => streamPartSize(bucket.partSize, index), sent);
  const first = await parts.next();
  if (first.done === true) return putWhole(bucket, key, new Uint8Array(), options);
  const second = await parts.next();
  if (second.done === true) return putWhole(bucket, key, first.value, options);
  const upload = {
    key,
    object: {
      ContentType: options.contentType,
      Metadata: encodeMetadata(options.metadata),
      ChecksumAlgorithm: await partChecksum(bucket),
    },
    ifNoneMatch: options.ifNoneMatch,
    signal,
  };
  const every = rejoined([first.value, second.value], parts);
  try {
    return await uploadInParts(bucket, upload, every, async (part, slot) => {
      const result = await sendPart(bucket, key, part, slot);
      // S3 has it whole. A part that failed is not used again: the connection may still hold on to it.
      sent.push(part);
      return result;
    });
  } finally {
    // Closes the source, also where no part was drawn from it any more.
    await parts.return(undefined);
  }
}

async function putWhole(
  { client, name }: Bucket,
  key: string,
  Body: Uint8Array,
  { contentType, ifNoneMatch, metadata, signal }: PutOptions,
): Promise<Put> {
  const command = new PutObjectCommand({
    Bucket: name,
    Key: key,
    Body,
    ContentType: contentType,
    Metadata: encodeMetadata(metadata),
    IfNoneMatch: ifNoneMatch,
  });
  const { ETag = "" } = await attempt(
    { operation: "PutObject", bucket: name, key, signal },
    (options) => client.send(retryingConflicts(command), options),
  );
  return { etag: ETag };
}

async function sendPart(
  { client, name }: Bucket,
  key: string,
  Body: Uint8Array,
  { UploadId, PartNumber, signal }: PartSlot,
) {
  const command = new UploadPartCommand({ Bucket: name, Key: key, Body, UploadId, PartNumber });
  const answer = await attempt({ operation: "UploadPart", bucket: name, key, signal }, (options) =>
    client.send(command, options),
  );
  return checked(answer);
}

/**
 * The checksum that the SDK sends with every part. An upload that was not told of it at its beginning does not
 * know the parts again when they are named with it: S3 answers `InvalidPart`.
 */
async function partChecksum({ client }: Bucket): Promise<"CRC32" | undefined> {
  const isSent = (await client.config.requestChecksumCalculation()) === "WHEN_SUPPORTED";
  return isSent ? "CRC32" : undefined;
}

/** A part's ETag and checksum, which S3 wants back when the upload is completed. */
const checked = ({ ETag, ChecksumCRC32 }: UploadPartCommandOutput) => ({ ETag, ChecksumCRC32 });

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The parts that were drawn to see how many there are, and the rest. */
async function* rejoined(
  drawn: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* drawn;
  yield* rest;
}
