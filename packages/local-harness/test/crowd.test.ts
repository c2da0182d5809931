import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListPartsCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Outcome } from "./crowd-contest.ts";
import { live, read } from "./crowd-life.ts";
import { until } from "./harness-processes.ts";
import { BUCKET, type S3Process, startS3Process } from "./s3-server-process.ts";

/** Many clients at once, from several processes. */

const Bucket = BUCKET;
let s3: S3Process;
let client: S3Client;
beforeAll(async () => {
  s3 = await startS3Process();
  client = s3.client();
});
afterAll(() => s3[Symbol.asyncDispose]());

/** Another process with ten writers. */
class Member implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(name: string) {
    const script = fileURLToPath(new URL("crowd-member.ts", import.meta.url));
    this.#child = spawn(
      process.execPath,
      ["--conditions=@topline/source", script, s3.endpoint, Bucket, name, "10"],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask(order: string): Promise<unknown> {
    this.#child.stdin.write(`${order}\n`);
    const { value } = await this.#lines.next();
    return JSON.parse(value ?? "null");
  }

  async [Symbol.asyncDispose]() {
    const ended = once(this.#child, "close");
    this.#child.stdin.end();
    await ended;
  }
}

test("of twenty writers in two processes that must create a key, one does, for key after key", async () => {
  await using one = new Member("one");
  await using other = new Member("other");
  const both = [one, other];
  for (let round = 0; round < 30; round++) {
    const key = `contested-${round}`;
    await Promise.all(both.map((member) => member.ask(`prepare ${key}`)));
    const told = await Promise.all(both.map((member) => member.ask("go") as Promise<Outcome[]>));
    const outcomes = told.flat();
    const winners = outcomes.flatMap((outcome) => ("won" in outcome ? [outcome.won] : []));
    const refusals = outcomes.flatMap((outcome) => ("refused" in outcome ? [outcome.refused] : []));
    expect(winners).toEqual([await read(client, Bucket, key)]);
    expect(refusals).toEqual(Array.from({ length: 19 }, () => "PreconditionFailed"));
  }
});

test("sixty-four clients that put, read, delete and list get what they should", async () => {
  const seeds = fc.sample(fc.integer(), { numRuns: 64, seed: 20_240_625 });
  const lives = await Promise.all(
    seeds.map((seed, member) => live(s3.client(), Bucket, member, seed)),
  );
  for (const { found, expected } of lives) expect(found).toEqual(expected);
  const all = lives.flatMap(({ keys }) => keys);
  const found: (string | undefined)[] = [];
  const pages = paginateListObjectsV2({ client }, { Bucket, Prefix: "members/" });
  for await (const { Contents = [] } of pages) found.push(...Contents.map(({ Key }) => Key));
  expect(found).toEqual(all.toSorted());
});

test("fifteen hundred keys are listed exactly, page by page, with folders and without", async () => {
  const keys = Array.from({ length: 1_500 }, (_, i) =>
    i % 3 === 0 ? `list/${String(i).padStart(4, "0")}` : `list/dir ${i % 500}/é${i}`,
  );
  const left = [...keys];
  const put = async () => {
    for (let Key = left.pop(); Key !== undefined; Key = left.pop()) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body: "x" }));
    }
  };
  await Promise.all(Array.from({ length: 16 }, put));
  const inOrder = (names: Iterable<string>) =>
    [...new Set(names)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const folderOf = (key: string) => /^list\/[^/]*\//.exec(key)?.[0];

  for (const MaxKeys of [7, 333, 1_000]) {
    const seen = { keys: [] as string[], grouped: [] as string[], folders: [] as string[] };
    // A paginator keeps its place in what it is given.
    const asked = () => ({ Bucket, Prefix: "list/", MaxKeys });
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, asked())) {
      expect(Contents.length).toBeLessThanOrEqual(MaxKeys);
      seen.keys.push(...Contents.map(({ Key = "" }) => Key));
    }
    const grouped = paginateListObjectsV2({ client }, { ...asked(), Delimiter: "/" });
    for await (const { Contents = [], CommonPrefixes = [], KeyCount } of grouped) {
      expect(KeyCount).toBe(Contents.length + CommonPrefixes.length);
      seen.grouped.push(...Contents.map(({ Key = "" }) => Key));
      seen.folders.push(...CommonPrefixes.map(({ Prefix = "" }) => Prefix));
    }
    expect(seen.keys).toEqual(inOrder(keys));
    expect(seen.grouped).toEqual(inOrder(keys.filter((key) => folderOf(key) === undefined)));
    expect(seen.folders).toEqual(inOrder(keys.flatMap((key) => folderOf(key) ?? [])));
  }
});

test("forty puts and parts that are cut off in their middle leave what was there, and no bytes", async () => {
  await client.send(new PutObjectCommand({ Bucket, Key: "cut", Body: "before" }));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: "cut" }));
  const before = (await s3.dataFiles()).length;
  const port = Number(new URL(s3.endpoint).port);
  const cutOff = async (i: number) => {
    const target = i % 2 === 0 ? "cut" : `cut?uploadId=${UploadId}&partNumber=1`;
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    const head = `PUT /${Bucket}/${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n`;
    socket.write(`${head}Expect: 100-continue\r\n\r\n`);
    await once(socket, "data");
    await new Promise((written) => socket.write(Buffer.alloc(5_000 * (i + 1), i), written));
    await turn();
    if (i % 4 < 2) socket.resetAndDestroy();
    else socket.end();
    socket.resume();
    await once(socket, "close");
  };
  await Promise.all(Array.from({ length: 40 }, (_, i) => cutOff(i)));
  const isTidy = async () => (await s3.dataFiles()).length === before;
  await until("the bytes have gone", isTidy, 10_000);
  expect(await read(client, Bucket, "cut")).toBe("before");
  const { Parts = [] } = await client.send(new ListPartsCommand({ Bucket, Key: "cut", UploadId }));
  expect(Parts).toEqual([]);
});

test("readers that leave in the middle of an answer cost the server nothing", async () => {
  const Body = new Uint8Array(8 * 1024 ** 2).fill(7);
  await client.send(new PutObjectCommand({ Bucket, Key: "left", Body }));
  const before = (await s3.dataFiles()).length;
  const port = Number(new URL(s3.endpoint).port);
  const leave = async () => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(`GET /${Bucket}/left HTTP/1.1\r\nHost: x\r\n\r\n`);
    await once(socket, "data");
    socket.resetAndDestroy();
  };
  await Promise.all(Array.from({ length: 40 }, leave));
  // Deleted at once only if nobody reads it any more.
  await client.send(new DeleteObjectCommand({ Bucket, Key: "left" }));
  const isTidy = async () => (await s3.dataFiles()).length === before - 1;
  await until("the bytes have gone", isTidy, 10_000);
  expect(s3.complaints()).toBe("");
});
