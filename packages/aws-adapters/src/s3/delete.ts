import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { ToplineError } from "@topline/core";
import type { Bucket } from "./bucket.ts";
import { attempt, changed } from "./faults.ts";
import { head } from "./head.ts";
import { retryingConflicts } from "./retries.ts";

/** @throws {ToplineError} `OBJECT_CHANGED` */
export async function deleteObject(
  bucket: Bucket,
  key: string,
  ifMatch: string | undefined,
): Promise<void> {
  if (ifMatch !== undefined && !bucket.conditionalDelete) {
    const found = await head(bucket, key);
    if (found === undefined) return;
    if (found.etag !== ifMatch) throw changed(bucket.name, key);
    // An object put between the head above and the delete below is lost: the endpoint has no better way.
  }
  const command = new DeleteObjectCommand({
    Bucket: bucket.name,
    Key: key,
    IfMatch: bucket.conditionalDelete ? ifMatch : undefined,
  });
  try {
    await attempt({ operation: "DeleteObject", bucket: bucket.name, key }, () =>
      bucket.client.send(retryingConflicts(command)),
    );
  } catch (error) {
    if (!ToplineError.is(error, "OBJECT_NOT_FOUND")) throw error;
  }
}
