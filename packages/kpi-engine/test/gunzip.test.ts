import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gunzip as readStrictly } from "../../../test/model/gzip.ts";
import { DamagedGzip, gunzip } from "../src/duckdb/gunzip.ts";

const one = gzipSync("hello world ".repeat(50));
const two = gzipSync("second member ".repeat(50));
const empty = gzipSync("");
const flipped = (bytes: Buffer, at: number) => {
  const copy = Buffer.from(bytes);
  const index = copy.length + at;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
};

async function undo(bytes: Buffer, size: number): Promise<string> {
  const body = async function* () {
    for (let at = 0; at < bytes.length; at += size)
      yield Uint8Array.from(bytes.subarray(at, at + size));
  };
  const parts: Uint8Array[] = [];
  for await (const part of gunzip(body(), bytes.length)) parts.push(part);
  return Buffer.concat(parts).toString();
}

const sizes = (bytes: Buffer) => Array.from({ length: bytes.length + 1 }, (_, i) => i + 1);

describe("whole gzip is undone, however it is cut into chunks", () => {
  test.each([
    ["one member", one, "hello world ".repeat(50)],
    [
      "members one after another",
      Buffer.concat([one, two]),
      "hello world ".repeat(50) + "second member ".repeat(50),
    ],
    [
      "an empty member between",
      Buffer.concat([one, empty, two]),
      "hello world ".repeat(50) + "second member ".repeat(50),
    ],
    ["an empty member alone", empty, ""],
  ])("%s", async (_, bytes, text) => {
    for (const size of sizes(bytes)) expect(await undo(bytes, size)).toBe(text);
  });
});

describe("damage shows, however the bytes are cut into chunks", () => {
  test.each([
    ["no byte at all", Buffer.alloc(0)],
    ["a header cut short", one.subarray(0, 5)],
    ["no last byte", one.subarray(0, -1)],
    ["no checksum and size", one.subarray(0, -8)],
    ["half of it", one.subarray(0, one.length / 2)],
    ["a wrong checksum", flipped(one, -8)],
    ["a wrong size", flipped(one, -2)],
    ["a second member cut short", Buffer.concat([one, two.subarray(0, -3)])],
    ["one zero byte behind", Buffer.concat([one, Buffer.alloc(1)])],
    ["zero padding behind", Buffer.concat([one, Buffer.alloc(512)])],
    ["other bytes behind", Buffer.concat([one, Buffer.from("garbage")])],
    ["half a magic number behind", Buffer.concat([one, Buffer.of(0x1f)])],
    ["a member after zeros", Buffer.concat([one, Buffer.alloc(4), two])],
    ["no gzip", Buffer.from("user_id,track_id,listen_time\n")],
  ])("%s", async (_, bytes) => {
    for (const size of sizes(bytes))
      await expect(undo(bytes, size)).rejects.toBeInstanceOf(DamagedGzip);
  });
});

/** Members, whole or cut short, and what is none: zeros, text, the beginning of a magic number. */
const piece = fc.oneof(
  fc.string({ maxLength: 80 }).map((text) => gzipSync(text)),
  fc.tuple(fc.string({ maxLength: 80 }), fc.integer({ min: 1, max: 30 })).map(([text, short]) => {
    return gzipSync(text).subarray(0, -short);
  }),
  fc.nat({ max: 6 }).map((length) => Buffer.alloc(length)),
  fc.constantFrom("garbage", "\u001f", "\u001f\u008b").map((text) => Buffer.from(text, "latin1")),
);

test("whatever lies one after another, it is undone or damaged as a strict reader says", async () => {
  const pieces = fc.array(piece, { minLength: 1, maxLength: 5 }).map((all) => Buffer.concat(all));
  const law = fc.asyncProperty(pieces, fc.integer({ min: 1, max: 200 }), async (bytes, size) => {
    const { bytes: content, isDamaged } = readStrictly(bytes);
    const undone = await undo(bytes, size).catch((error: unknown) => error);
    const said = undone instanceof DamagedGzip ? "damaged" : undone;
    expect(said).toBe(isDamaged ? "damaged" : Buffer.from(content).toString());
  });
  await fc.assert(law, { numRuns: 2_000 });
});

test("a fault of the transfer is not taken for damage", async () => {
  const fault = new Error("connection reset");
  const body = async function* () {
    yield Uint8Array.from(one.subarray(0, 20));
    throw fault;
  };
  const all = async () => {
    for await (const _ of gunzip(body(), one.length));
  };
  await expect(all()).rejects.toBe(fault);
});
