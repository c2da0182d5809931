import { createHash } from "node:crypto";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import * as fc from "fast-check";

export interface Life {
  /** What was answered, and what should have been, step by step. */
  readonly found: readonly unknown[];
  readonly expected: readonly unknown[];
  /** Its keys at the end. */
  readonly keys: readonly string[];
}

const REPEATS = 5_000;

/**
 * Puts, reads, deletes and lists its own few keys, of which it knows what they must be, and replaces and reads
 * one that everybody else replaces too, which must be whole.
 */
export async function live(
  client: S3Client,
  Bucket: string,
  member: number,
  seed: number,
): Promise<Life> {
  const mine = new Map<string, string>();
  const found: unknown[] = [];
  const expected: unknown[] = [];
  const Prefix = `members/${member}/`;
  const steps = fc.sample(fc.record({ does: fc.nat(5), key: fc.nat(4) }), { numRuns: 25, seed });
  for (const [at, { does, key }] of steps.entries()) {
    const Key = `${Prefix}${key}`;
    if (does < 2) {
      const Body = `${Key} at ${at}`;
      await client.send(new PutObjectCommand({ Bucket, Key, Body }));
      mine.set(Key, Body);
    } else if (does === 2) {
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
      mine.delete(Key);
    } else if (does === 3) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
      found.push(Contents.map(({ Key, ETag }) => `${Key} ${ETag}`));
      expected.push([...mine].map(([key, text]) => `${key} ${etagOf(text)}`).toSorted());
    } else if (does === 4) {
      found.push(await read(client, Bucket, Key).catch((error: Error) => error.name));
      expected.push(mine.get(Key) ?? "NoSuchKey");
    } else {
      const Body = `${member} ${at} `.repeat(REPEATS);
      await client.send(new PutObjectCommand({ Bucket, Key: "shared", Body }));
      const text = (await read(client, Bucket, "shared")) ?? "";
      found.push(text);
      expected.push(text.split(" ", 2).join(" ").concat(" ").repeat(REPEATS));
    }
  }
  return { found, expected, keys: mine.keys().toArray() };
}

const etagOf = (text: string) => `"${createHash("md5").update(text).digest("hex")}"`;

export async function read(
  client: S3Client,
  Bucket: string,
  Key: string,
): Promise<string | undefined> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  return Body?.transformToString();
}
