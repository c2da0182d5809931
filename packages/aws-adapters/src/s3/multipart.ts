import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
} from "@aws-sdk/client-s3";
import type { Bucket } from "./bucket.ts";
import { attempt, type S3Call, throwIfAborted } from "./faults.ts";
import { retryingConflicts } from "./retries.ts";

export interface Upload {
  readonly key: string;
  /** Headers and metadata of the object to be. */
  readonly object: Omit<CreateMultipartUploadCommandInput, "Bucket" | "Key">;
  readonly ifNoneMatch?: "*" | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where a part belongs. */
export interface PartSlot {
  readonly UploadId: string;
  readonly PartNumber: number;
  readonly signal: AbortSignal | undefined;
}

type PartResult = Omit<CompletedPart, "PartNumber">;

/**
 * Makes an object of parts, a bounded number at once; `parts` is drawn from no faster than they leave. On any
 * failure, the source's included, the upload is aborted once nothing of it is under way, so that no part
 * stays behind. Where even that fails, the parts are what a bucket's lifecycle rule for incomplete uploads removes.
 */
export async function uploadInParts<P>(
  bucket: Bucket,
  upload: Upload,
  parts: AsyncIterable<P> | Iterable<P>,
  send: (part: P, slot: PartSlot) => Promise<PartResult>,
): Promise<{ readonly etag: string }> {
  const target = { Bucket: bucket.name, Key: upload.key };
  const { signal, ifNoneMatch } = upload;
  const call = (operation: S3Call["operation"]): S3Call => ({
    operation,
    bucket: bucket.name,
    key: upload.key,
    signal,
  });
  const create = new CreateMultipartUploadCommand({ ...upload.object, ...target });
  const { UploadId = "" } = await attempt(call("CreateMultipartUpload"), (options) =>
    bucket.client.send(create, options),
  );

  const sent: Promise<CompletedPart>[] = [];
  try {
    const underWay = new Set<Promise<CompletedPart>>();
    for await (const part of parts) {
      throwIfAborted(call("UploadPart"));
      const slot = { UploadId, PartNumber: sent.length + 1, signal };
      const sending = numbered(slot.PartNumber, send(part, slot));
      sent.push(sending);
      underWay.add(sending);
      // One that fails stays, so that the race below meets it.
      sending.then(
        () => underWay.delete(sending),
        () => {},
      );
      if (underWay.size >= bucket.concurrency) await Promise.race(underWay);
    }
    const Parts = await Promise.all(sent);
    throwIfAborted(call("CompleteMultipartUpload"));
    const complete = new CompleteMultipartUploadCommand({
      ...target,
      UploadId,
      MultipartUpload: { Parts },
      IfNoneMatch: ifNoneMatch,
    });
    const { ETag = "" } = await attempt(call("CompleteMultipartUpload"), (options) =>
      bucket.client.send(retryingConflicts(complete), options),
    );
    return { etag: ETag };
  } catch (error) {
    // Parts under way are let finish: S3 might keep one that was cut off and arrives after the abort.
    await Promise.allSettled(sent);
    const abort = new AbortMultipartUploadCommand({ ...target, UploadId });
    await bucket.client.send(abort).catch(() => {});
    throw error;
  }
}

async function numbered(PartNumber: number, result: Promise<PartResult>): Promise<CompletedPart> {
  return { ...(await result), PartNumber };
}
