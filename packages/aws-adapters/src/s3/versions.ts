import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  PutBucketVersioningCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { ToplineError } from "@topline/core";
import type { Bucket } from "./bucket.ts";
import { attempt, changed } from "./faults.ts";
import { headers } from "./head.ts";
import { keyIn } from "./list.ts";

/**
 * Versions as a condition, for endpoints that have no other on deletes: a version is deleted by its id, and what
 * replaces it has another.
 */

/** Keeps a version of every object from now on. */
export async function keepVersions(client: S3Client, bucket: string): Promise<void> {
  const command = new PutBucketVersioningCommand({
    Bucket: bucket,
    VersioningConfiguration: { Status: "Enabled" },
  });
  await attempt({ operation: "PutBucketVersioning", bucket }, () => client.send(command));
}

/**
 * Deletes the version that has the ETag, if it is the newest, and nothing that comes to be the newest meanwhile.
 * Those below it go first, else the next of them would come to light.
 *
 * @throws {ToplineError} `OBJECT_CHANGED`; `STORE_REFUSED` where the bucket keeps no versions
 */
export async function deleteVersion(bucket: Bucket, key: string, etag: string): Promise<void> {
  for (;;) {
    const known = await versionIds(bucket, key);
    const newest = await headers(bucket, key, {}).catch(unlessGone);
    if (newest === undefined) return;
    if (newest.ETag !== etag) throw changed(bucket.name, key);
    const { VersionId: id } = newest;
    if (id === undefined || id === "null") throw unversioned(bucket.name, key);
    // Of the versions that were there before the newest was seen, every other is below it.
    if (!known.delete(id)) continue;
    for (const version of [...known, id]) await remove(bucket, key, version);
    return;
  }
}

const unlessGone = (error: unknown): undefined => {
  if (!ToplineError.is(error, "OBJECT_NOT_FOUND")) throw error;
};

const unversioned = (bucket: string, key: string) =>
  new ToplineError(
    "STORE_REFUSED",
    `S3 at this endpoint knows no conditional delete, and bucket ${bucket} keeps no versions, so ${JSON.stringify(key)} cannot be deleted without the risk of losing what replaces it just then. Nothing was deleted. Enable versioning on the bucket, and try again.`,
  );

/** Of a key's versions, delete markers included. */
async function versionIds({ client, name }: Bucket, key: string): Promise<Set<string>> {
  const ids = new Set<string>();
  let after: Pick<ListObjectVersionsCommandInput, "KeyMarker" | "VersionIdMarker"> | undefined = {};
  while (after !== undefined) {
    // Keys may hold what XML cannot.
    const input = { Bucket: name, Prefix: key, EncodingType: "url" as const };
    const command = new ListObjectVersionsCommand({ ...input, ...after });
    const page: ListObjectVersionsCommandOutput = await attempt(
      { operation: "ListObjectVersions", bucket: name },
      () => client.send(command),
    );
    const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    const { EncodingType: encoding } = page;
    const own = found.filter(({ Key }) => keyIn(Key, encoding) === key);
    for (const { VersionId: id } of own) if (id !== undefined) ids.add(id);
    // The key itself comes first among those that begin with it.
    const isOver = page.IsTruncated !== true || own.length < found.length;
    after = isOver
      ? undefined
      : {
          KeyMarker: keyIn(page.NextKeyMarker, encoding),
          VersionIdMarker: page.NextVersionIdMarker,
        };
  }
  return ids;
}

async function remove({ client, name }: Bucket, key: string, version: string): Promise<void> {
  const command = new DeleteObjectCommand({ Bucket: name, Key: key, VersionId: version });
  await attempt({ operation: "DeleteObject", bucket: name, key }, () => client.send(command)).catch(
    unlessGone,
  );
}
