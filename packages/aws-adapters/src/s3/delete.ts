import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { ToplineError } from "@topline/core";
import type { Bucket } from "./bucket.ts";
import { attempt } from "./faults.ts";
import { retryingConflicts } from "./retries.ts";
import { deleteVersion } from "./versions.ts";

/** @throws {ToplineError} `OBJECT_CHANGED` */
export async function deleteObject(
  bucket: Bucket,
  key: string,
  ifMatch: string | undefined,
): Promise<void> {
  const command = new DeleteObjectCommand({ Bucket: bucket.name, Key: key, IfMatch: ifMatch });
  try {
    await attempt({ operation: "DeleteObject", bucket: bucket.name, key }, () =>
      bucket.client.send(retryingConflicts(command)),
    );
  } catch (error) {
    if (ToplineError.is(error, "OBJECT_NOT_FOUND")) return;
    if (ifMatch === undefined || !isNotImplemented(error)) throw error;
    await deleteVersion(bucket, key, ifMatch);
  }
}

/** The endpoint knows no conditions on deletes (LocalStack). */
function isNotImplemented(error: unknown): boolean {
  if (!ToplineError.is(error, "STORE_REFUSED")) return false;
  const cause = error.cause as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return cause.$metadata?.httpStatusCode === 501;
}
