import type { S3Client } from "@aws-sdk/client-s3";
import type { ObjectStore } from "@topline/core";
import type { Bucket } from "./bucket.ts";
import { copy } from "./copy.ts";
import { deleteObject } from "./delete.ts";
import { get } from "./get.ts";
import { head } from "./head.ts";
import { list } from "./list.ts";
import { put } from "./put.ts";

export interface S3ObjectStoreOptions {
  readonly client: S3Client;
  /** The bucket's name; it must exist (`ensureBucket`). */
  readonly bucket: string;
  /** Bytes of a part of a large read or write: S3 takes parts of 5 MiB and more. Default 8 MiB. */
  readonly partSize?: number;
  /** Parts of one object under way at once; memory is this times `partSize`. Default 4. */
  readonly concurrency?: number;
  /** Bytes that one request puts or copies at most; larger objects go in parts. Default S3's own, 5 GiB. */
  readonly singleRequestLimit?: number;
}

/**
 * Objects of an S3 bucket. Transient faults, throttling and conflicts are retried as the client is set up to
 * (see `s3Client`); what is thrown after that is a `ToplineError`.
 */
export function s3ObjectStore(options: S3ObjectStoreOptions): ObjectStore {
  const bucket: Bucket = {
    client: options.client,
    name: options.bucket,
    partSize: options.partSize ?? 8 * 1024 ** 2,
    concurrency: options.concurrency ?? 4,
    singleRequestLimit: options.singleRequestLimit ?? 5 * 1024 ** 3,
  };
  return {
    list: (prefix, options = {}) => list(bucket, prefix, options),
    head: (key) => head(bucket, key),
    get: (key, options = {}) => get(bucket, key, options),
    put: (key, body, options = {}) => put(bucket, key, body, options),
    copy: (from, to, options = {}) => copy(bucket, from, to, options),
    delete: (key, { ifMatch } = {}) => deleteObject(bucket, key, ifMatch),
  };
}
