import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../harness-processes.ts";
import { BUCKET, type S3Process, startS3Process } from "../s3-server-process.ts";

/** `Upload` of @aws-sdk/lib-storage: bodies whose length it does not know, several parts in flight. */

const Bucket = BUCKET;
const MIB = 1024 ** 2;
const PART = 5 * MIB;

let s3: S3Process;
let client: S3Client;
beforeAll(async () => {
  s3 = await startS3Process();
  client = s3.client();
});
afterAll(() => s3[Symbol.asyncDispose]());

/** Pieces that fit no part. */
function streamed(bytes: Uint8Array, piece = 700_001): Readable {
  const pieces = (function* () {
    for (let at = 0; at < bytes.byteLength; at += piece) yield bytes.subarray(at, at + piece);
  })();
  return Readable.from(pieces, { objectMode: false });
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

async function read(Key: string) {
  const { Body, ...head } = await client.send(new GetObjectCommand({ Bucket, Key }));
  return { bytes: (await Body?.transformToByteArray()) ?? new Uint8Array(), head };
}

async function leftOver(Prefix: string) {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix }));
  return [...Contents, ...Uploads].map(({ Key }) => Key);
}

test.each([
  ["nothing", 0],
  ["less than a part", 1000],
  ["one part", PART],
  ["a byte more than a part", PART + 1],
  ["many parts", 4 * PART + 12_345],
])("a stream of %s arrives whole", async (name, size) => {
  const bytes = randomBytes(size);
  const upload = new Upload({
    client,
    params: {
      Bucket,
      Key: name,
      Body: streamed(bytes),
      ContentType: "text/csv",
      Metadata: { by: "upload" },
    },
    queueSize: 4,
    partSize: PART,
  });
  const told: number[] = [];
  upload.on("httpUploadProgress", ({ loaded = 0 }) => told.push(loaded));
  const done = await upload.done();
  const { bytes: back, head } = await read(name);
  expect(sha256(back)).toBe(sha256(bytes));
  expect(done.ETag).toBe(head.ETag);
  expect(head.ETag).toMatch(size > PART ? /^"[0-9a-f]{32}-\d+"$/ : /^"[0-9a-f]{32}"$/);
  expect(head).toMatchObject({ ContentType: "text/csv", Metadata: { by: "upload" } });
  expect(Math.max(...told)).toBe(size);
});

test.each(["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const)(
  "a stream whose parts are checked by %s arrives whole",
  async (ChecksumAlgorithm) => {
    const bytes = randomBytes(2 * PART + 1);
    const Key = `checked by ${ChecksumAlgorithm}`;
    const params = { Bucket, Key, Body: streamed(bytes), ChecksumAlgorithm };
    await new Upload({ client, params, queueSize: 3, partSize: PART }).done();
    const { bytes: back } = await read(Key);
    expect(sha256(back)).toBe(sha256(bytes));
  },
);

test("an upload that is aborted in its middle leaves no object, no upload and no bytes", async () => {
  const before = await s3.dataFiles();
  // Goes on for ever, so that only the abort can end it.
  const endless = Readable.from(
    (async function* () {
      for (;;) {
        await turn();
        yield Buffer.alloc(MIB, 1);
      }
    })(),
    { objectMode: false },
  );
  const params = { Bucket, Key: "aborted", Body: endless };
  const upload = new Upload({ client, params, queueSize: 3, partSize: PART });
  const isUnderWay = new Promise<void>((resolve) => {
    upload.on("httpUploadProgress", ({ part = 0 }) => {
      if (part >= 4) resolve();
    });
  });
  const done = upload.done();
  done.catch(() => {});
  await isUnderWay;
  await upload.abort();
  await expect(done).rejects.toMatchObject({ name: "AbortError" });
  endless.destroy();
  await until("nothing is left", async () => (await leftOver("aborted")).length === 0, 5_000);
  const isAsBefore = async () => (await s3.dataFiles()).length === before.length;
  await until("the bytes have gone", isAsBefore, 5_000);
});

test("a source that fails in the middle leaves no object and no upload", async () => {
  const failing = Readable.from(
    (async function* () {
      for (let i = 0; i < 12; i++) {
        await turn();
        yield Buffer.alloc(MIB, 1);
      }
      throw new Error("The source broke");
    })(),
    { objectMode: false },
  );
  const params = { Bucket, Key: "failed", Body: failing };
  const upload = new Upload({ client, params, queueSize: 2, partSize: PART });
  await expect(upload.done()).rejects.toThrow("The source broke");
  await until("nothing is left", async () => (await leftOver("failed")).length === 0, 5_000);
});

test("an upload may be told to create its object or nothing", async () => {
  const bytes = randomBytes(PART + 1);
  const put = () =>
    new Upload({
      client,
      params: { Bucket, Key: "once", Body: streamed(bytes), IfNoneMatch: "*" },
      partSize: PART,
    }).done();
  await put();
  await expect(put()).rejects.toMatchObject({ name: "PreconditionFailed" });
  expect(await leftOver("once")).toEqual(["once"]);
});
