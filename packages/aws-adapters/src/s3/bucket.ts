import type { S3Client } from "@aws-sdk/client-s3";
import { CreateBucketCommand, HeadBucketCommand } from "@aws-sdk/client-s3";
import { ToplineError } from "@topline/core";
import { attempt, faultOf } from "./faults.ts";

/** A bucket, and how its objects are moved. */
export interface Bucket {
  readonly client: S3Client;
  readonly name: string;
  /** Bytes of a part. */
  readonly partSize: number;
  /** Parts under way at once, of one object. */
  readonly concurrency: number;
  /** Bytes that one request may put or copy. */
  readonly singleRequestLimit: number;
}

/** @throws {ToplineError} `STORE_REFUSED` where it is another account's, `STORE_UNAVAILABLE` */
export async function bucketExists(client: S3Client, bucket: string): Promise<boolean> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
    return true;
  } catch (error) {
    const { name } = error as Error;
    if (name === "NotFound" || name === "NoSuchBucket") return false;
    throw faultOf(error, { operation: "HeadBucket", bucket });
  }
}

/**
 * Creates the bucket, in the client's region, unless it is there.
 * @throws {ToplineError} `STORE_REFUSED` where the name is taken by another account
 */
export async function ensureBucket(client: S3Client, bucket: string): Promise<void> {
  if (await bucketExists(client, bucket)) return;
  try {
    await attempt({ operation: "CreateBucket", bucket }, () =>
      client.send(new CreateBucketCommand({ Bucket: bucket })),
    );
  } catch (error) {
    if (!createdMeanwhile(error)) throw error;
  }
}

const createdMeanwhile = (error: unknown): boolean =>
  ToplineError.is(error) && (error.cause as Error).name === "BucketAlreadyOwnedByYou";
