import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  BUCKET,
  forgetPeak,
  peakMemory,
  type S3Process,
  startS3Process,
} from "./s3-server-process.ts";

/** What is large goes through the server, not into it. */

vi.setConfig({ testTimeout: 300_000 });

const Bucket = BUCKET;
const Key = "large";
const MIB = 1024 ** 2;
const SIZE = 1024 * MIB;
const PART = 64 * MIB;
const READERS = 8;
const MOST_MEMORY = 400 * MIB;

let s3: S3Process;
let client: S3Client;
beforeAll(async () => {
  s3 = await startS3Process();
  client = s3.client();
});
afterAll(() => s3[Symbol.asyncDispose]());

/** The mebibyte at a place: like no other, and quickly made. */
function blockAt(place: number): Buffer {
  const block = Buffer.alloc(MIB, createHash("sha256").update(String(place)).digest());
  block.writeUInt32BE(place);
  return block;
}

/** The object, and the ETags that it must have as one and in parts, made while it is read. */
function source() {
  const whole = createHash("md5");
  const parts: Buffer[] = [];
  const blocks = (function* () {
    let part = createHash("md5");
    for (let at = 0; at < SIZE; at += MIB) {
      const block = blockAt(at / MIB);
      whole.update(block);
      part.update(block);
      if ((at + MIB) % PART === 0) {
        parts.push(part.digest());
        part = createHash("md5");
      }
      yield block;
    }
  })();
  return {
    body: Readable.from(blocks, { objectMode: false }),
    etag: () => `"${whole.digest("hex")}"`,
    etagInParts: () =>
      `"${createHash("md5").update(Buffer.concat(parts)).digest("hex")}-${parts.length}"`,
  };
}

/** Reads a range that begins and ends at mebibytes; resolves to how many of them are as they should be. */
async function readRange(first: number, count: number): Promise<number> {
  const Range = `bytes=${first * MIB}-${(first + count) * MIB - 1}`;
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, Range }));
  let place = first;
  let rest = Buffer.alloc(0);
  for await (const chunk of Body as Readable) {
    rest = Buffer.concat([rest, chunk as Uint8Array]);
    for (; rest.length >= MIB; rest = rest.subarray(MIB)) {
      if (!rest.subarray(0, MIB).equals(blockAt(place))) return place - first;
      place += 1;
    }
  }
  return place - first;
}

async function readAll(): Promise<number[]> {
  const count = SIZE / MIB / READERS;
  return Promise.all(Array.from({ length: READERS }, (_, i) => readRange(i * count, count)));
}

const RIGHT = Array.from({ length: READERS }, () => SIZE / MIB / READERS);

test.runIf(process.platform === "linux").each(["one request", "parts"])(
  "a gibibyte that is put by %s is read by ranges, and the server stays small",
  async (how) => {
    const { body, etag, etagInParts } = source();
    await forgetPeak(s3.pid);
    if (how === "parts") {
      const params = { Bucket, Key, Body: body };
      await new Upload({ client, params, partSize: PART, queueSize: 4 }).done();
    } else {
      await client.send(
        new PutObjectCommand({ Bucket, Key, Body: body, ContentLength: SIZE, IfNoneMatch: "*" }),
      );
    }
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head.ContentLength).toBe(SIZE);
    expect(head.ETag).toBe(how === "parts" ? etagInParts() : etag());
    expect(await readAll()).toEqual(RIGHT);
    const peak = await peakMemory(s3.pid);
    expect(peak, `${Math.round(peak / MIB)} MiB`).toBeLessThan(MOST_MEMORY);
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
  },
);
