import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { expect } from "vitest";
import type { Stage } from "./stage.ts";

type Inputs = Readonly<Record<string, unknown>>;

/** A command that the server does. */
export interface Done {
  /** What makes it succeed on the stage, besides the bucket. */
  input(stage: Stage): Inputs;
  /** Further inputs that have an effect, or are right to have none here, with values that leave it a success. */
  readonly understands: Inputs;
  /** Inputs, or values of them, that are refused by another word than `NotImplemented`, or in spite of `understands`. */
  readonly refuses?: readonly (readonly [input: string, value: unknown, code: string])[];
  /** Whether the answer, and what it leaves, are right. */
  holds(answer: Record<string, unknown>, stage: Stage): Promise<void> | void;
}

function crc(of: string | Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(of));
  return bytes;
}
const digest = (algorithm: string) => createHash(algorithm).update("hello").digest("base64");
const CHECKSUMS = {
  ChecksumCRC32C: "mnG7TA==",
  ChecksumCRC64NVME: "M3eFcAZSQlc=",
  ChecksumSHA1: digest("sha1"),
  ChecksumSHA256: digest("sha256"),
  ChecksumSHA512: digest("sha512"),
  ChecksumMD5: digest("md5"),
};

const LONG_AGO = new Date(0);
const SOON = new Date(Date.now() + 86_400_000);
const PAYS = { RequestPayer: "requester" };
const DESCRIPTION = {
  CacheControl: "no-store",
  ContentDisposition: "attachment",
  ContentEncoding: "identity",
  ContentLanguage: "de",
  ContentType: "text/csv",
  Expires: SOON,
  Metadata: { by: "test" },
};
const KEPT_BY_DEFAULT = { ACL: "private", StorageClass: "STANDARD" };
const READING = {
  ...PAYS,
  IfMatch: "*",
  IfModifiedSince: LONG_AGO,
  IfNoneMatch: '"another"',
  IfUnmodifiedSince: SOON,
  Range: "bytes=0-100",
  ChecksumMode: "ENABLED",
  ResponseCacheControl: "no-store",
  ResponseContentDisposition: "inline",
  ResponseContentEncoding: "identity",
  ResponseContentLanguage: "fr",
  ResponseContentType: "text/plain",
  ResponseExpires: SOON,
};
const COPY_CONDITIONS = {
  CopySourceIfMatch: "*",
  CopySourceIfModifiedSince: LONG_AGO,
  CopySourceIfNoneMatch: '"another"',
  CopySourceIfUnmodifiedSince: SOON,
};
const LISTING = { ...PAYS, Delimiter: "/", EncodingType: "url", MaxKeys: 7, Prefix: "k" };
const BODY = {
  ...PAYS,
  ChecksumAlgorithm: "CRC32",
  ChecksumCRC32: "NhCmhg==",
  ContentLength: 5,
  ContentMD5: digest("md5"),
};
const NOT_KEPT = [
  ["ACL", "public-read", "NotImplemented"],
  ["StorageClass", "GLACIER", "NotImplemented"],
] as const;

const keysOf = (listed: unknown) => (listed as { Key: string }[]).map(({ Key }) => Key);

export const DONE: Readonly<Record<string, Done>> = {
  AbortMultipartUpload: {
    input: ({ uploadId }) => ({ Key: "u", UploadId: uploadId }),
    understands: PAYS,
    holds: async (_, stage) => expect(await stage.uploads()).toEqual([]),
  },
  CompleteMultipartUpload: {
    input: ({ uploadId, partETag }) => ({
      Key: "u",
      UploadId: uploadId,
      MultipartUpload: {
        Parts: [{ PartNumber: 1, ETag: partETag, ChecksumCRC32: crc("part").toString("base64") }],
      },
    }),
    understands: {
      ...PAYS,
      // Of the checksums of its parts.
      ChecksumCRC32: `${crc(crc("part")).toString("base64")}-1`,
      ChecksumType: "COMPOSITE",
      MpuObjectSize: 4,
      IfNoneMatch: "*",
    },
    refuses: [
      ...Object.entries(CHECKSUMS).map(([input, value]) => [input, value, "BadDigest"] as const),
      ["ChecksumCRC32", "AAAAAA==-1", "BadDigest"],
      ["ChecksumType", "FULL_OBJECT", "InvalidRequest"],
      ["IfMatch", '"another"', "NoSuchKey"],
      ["MpuObjectSize", 5, "InvalidRequest"],
    ],
    async holds(answer, stage) {
      expect(answer).toMatchObject({ Bucket: stage.bucket, Key: "u" });
      expect(answer["ETag"]).toMatch(/^"[0-9a-f]{32}-1"$/);
      expect(await stage.read("u")).toBe("part");
      expect(await stage.uploads()).toEqual([]);
    },
  },
  CopyObject: {
    input: ({ bucket }) => ({ Key: "copy", CopySource: `${bucket}/k` }),
    understands: {
      ...PAYS,
      ...DESCRIPTION,
      ...KEPT_BY_DEFAULT,
      ...COPY_CONDITIONS,
      ChecksumAlgorithm: "SHA256",
      IfNoneMatch: "*",
      MetadataDirective: "REPLACE",
      TaggingDirective: "COPY",
    },
    refuses: [
      ...NOT_KEPT,
      ["ChecksumAlgorithm", "XXHASH64", "NotImplemented"],
      ["IfMatch", '"another"', "NoSuchKey"],
      ["TaggingDirective", "REPLACE", "NotImplemented"],
    ],
    async holds({ CopyObjectResult }, stage) {
      expect(CopyObjectResult).toMatchObject({ ETag: (await stage.head("k")).ETag });
      expect(await stage.read("copy")).toBe("hello");
    },
  },
  CreateBucket: {
    input: ({ bucket }) => ({ Bucket: `${bucket}-2` }),
    understands: {
      ACL: "private",
      CreateBucketConfiguration: { LocationConstraint: "eu-west-1" },
      ObjectOwnership: "BucketOwnerEnforced",
    },
    refuses: [
      ["ACL", "public-read", "NotImplemented"],
      ["CreateBucketConfiguration", { Tags: [{ Key: "a", Value: "b" }] }, "NotImplemented"],
      ["CreateBucketConfiguration", { Location: { Name: "a" } }, "NotImplemented"],
      ["ObjectOwnership", "ObjectWriter", "NotImplemented"],
    ],
    holds: ({ Location }, { bucket }) => expect(Location).toBe(`/${bucket}-2`),
  },
  CreateMultipartUpload: {
    input: () => ({ Key: "v" }),
    understands: {
      ...PAYS,
      ...DESCRIPTION,
      ...KEPT_BY_DEFAULT,
      ChecksumAlgorithm: "SHA256",
    },
    refuses: [
      ...NOT_KEPT,
      ["ChecksumAlgorithm", "XXHASH3", "NotImplemented"],
      // There is no type without an algorithm.
      ["ChecksumType", "COMPOSITE", "InvalidRequest"],
    ],
    holds: async ({ UploadId }, stage) => expect(await stage.uploads()).toContain(UploadId),
  },
  DeleteBucket: {
    input: ({ bucket }) => ({ Bucket: `${bucket}-empty` }),
    understands: {},
    holds: async (_, stage) => expect(await stage.buckets()).toEqual([stage.bucket]),
  },
  DeleteObject: {
    input: () => ({ Key: "k" }),
    understands: { ...PAYS, IfMatch: "*" },
    holds: async (_, stage) => expect(await stage.read("k")).toBeUndefined(),
  },
  DeleteObjects: {
    input: () => ({ Delete: { Objects: [{ Key: "k" }, { Key: "none" }] } }),
    understands: { ...PAYS, ChecksumAlgorithm: "SHA256" },
    async holds({ Deleted, Errors }, stage) {
      expect([keysOf(Deleted), Errors]).toEqual([["k", "none"], undefined]);
      expect(await stage.read("k")).toBeUndefined();
    },
  },
  GetBucketLocation: {
    input: () => ({}),
    understands: {},
    holds: ({ LocationConstraint }) => expect(LocationConstraint).toBeUndefined(),
  },
  GetBucketVersioning: {
    input: () => ({}),
    understands: {},
    holds: ({ Status }) => expect(Status).toBeUndefined(),
  },
  GetObject: {
    input: () => ({ Key: "k" }),
    understands: READING,
    holds: ({ ContentLength, ETag }) =>
      expect([ContentLength, ETag]).toEqual([5, '"5d41402abc4b2a76b9719d911017c592"']),
  },
  HeadBucket: {
    input: () => ({}),
    understands: {},
    holds: ({ BucketRegion }) => expect(BucketRegion).toBe("us-east-1"),
  },
  HeadObject: {
    input: () => ({ Key: "k" }),
    understands: READING,
    holds: ({ ContentLength, ETag }) =>
      expect([ContentLength, ETag]).toEqual([5, '"5d41402abc4b2a76b9719d911017c592"']),
  },
  ListBuckets: {
    input: () => ({}),
    understands: { MaxBuckets: 1000, Prefix: "stage", BucketRegion: "us-east-1" },
    refuses: [["ContinuationToken", "x", "InvalidArgument"]],
    holds: ({ Buckets }, { bucket }) =>
      expect((Buckets as { Name: string }[]).map(({ Name }) => Name)).toContain(bucket),
  },
  ListMultipartUploads: {
    input: () => ({}),
    understands: {
      ...PAYS,
      Delimiter: "/",
      EncodingType: "url",
      KeyMarker: "k",
      MaxUploads: 7,
      Prefix: "u",
      UploadIdMarker: "0",
    },
    holds: ({ Uploads }) => expect(keysOf(Uploads)).toEqual(["u"]),
  },
  ListObjects: {
    input: () => ({}),
    understands: { ...LISTING, Marker: "a" },
    holds: ({ Contents }) => expect(keysOf(Contents)).toEqual(["k"]),
  },
  ListObjectsV2: {
    input: () => ({}),
    understands: { ...LISTING, FetchOwner: true, StartAfter: "a" },
    refuses: [["ContinuationToken", "x", "InvalidArgument"]],
    holds: ({ Contents, KeyCount }) => expect([keysOf(Contents), KeyCount]).toEqual([["k"], 1]),
  },
  ListParts: {
    input: ({ uploadId }) => ({ Key: "u", UploadId: uploadId }),
    understands: { ...PAYS, MaxParts: 7, PartNumberMarker: "0" },
    holds: ({ Parts }, { partETag }) =>
      expect(Parts).toEqual([expect.objectContaining({ PartNumber: 1, Size: 4, ETag: partETag })]),
  },
  PutObject: {
    input: () => ({ Key: "new", Body: "hello" }),
    understands: {
      ...DESCRIPTION,
      ...KEPT_BY_DEFAULT,
      ...BODY,
      ...CHECKSUMS,
      IfNoneMatch: "*",
    },
    refuses: [...NOT_KEPT, ["IfMatch", '"another"', "NoSuchKey"]],
    holds: async (_, stage) => expect(await stage.read("new")).toBe("hello"),
  },
  UploadPart: {
    input: ({ uploadId }) => ({ Key: "u", UploadId: uploadId, PartNumber: 2, Body: "hello" }),
    understands: BODY,
    refuses: Object.entries(CHECKSUMS).map(([input, value]) => [input, value, "InvalidRequest"]),
    holds: async (_, stage) => expect(await stage.parts()).toEqual([4, 5]),
  },
  UploadPartCopy: {
    input: ({ bucket, uploadId }) => ({
      Key: "u",
      UploadId: uploadId,
      PartNumber: 2,
      CopySource: `${bucket}/k`,
    }),
    understands: { ...PAYS, ...COPY_CONDITIONS, CopySourceRange: "bytes=0-4" },
    holds: async (_, stage) => expect(await stage.parts()).toEqual([4, 5]),
  },
};
