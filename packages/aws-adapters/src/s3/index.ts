/** S3, by the SDK's v3 client: the object store, and a client with settings that hold. */
export { bucketExists, ensureBucket } from "./bucket.ts";
export { s3Client } from "./client.ts";
export { keepVersions } from "./versions.ts";
export { s3ObjectStore, type S3ObjectStoreOptions } from "./object-store.ts";
