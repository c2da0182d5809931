import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeAwsChunked } from "./aws-chunked.ts";

async function* cut(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

async function decode(body: Buffer, size: number) {
  const trailers = new Map<string, string>();
  const parts: Uint8Array[] = [];
  for await (const part of decodeAwsChunked(cut(body, size), trailers)) parts.push(part);
  return { bytes: Buffer.concat(parts), trailers };
}

const encode = (chunks: readonly Uint8Array[], extension: string, end: string) =>
  Buffer.concat([
    ...chunks.flatMap((chunk) => [
      Buffer.from(`${chunk.byteLength.toString(16)}${extension}\r\n`),
      Buffer.from(chunk),
      Buffer.from("\r\n"),
    ]),
    Buffer.from(`0${extension}\r\n${end}`),
  ]);

test("any body comes out as it went in, however it is chunked and cut", async () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }));
  const extension = fc.constantFrom("", `;chunk-signature=${"a".repeat(64)}`);
  const end = fc.constantFrom(
    "\r\n",
    "x-amz-checksum-crc32:AAAA\r\n\r\n",
    "X-Amz-Checksum-CRC32: AAAA\r\n\r\nx-amz-trailer-signature:b\r\n\r\n",
  );
  await fc.assert(
    fc.asyncProperty(chunks, extension, end, fc.integer({ min: 1, max: 90 }), async (...given) => {
      const [parts, signed, trailer, size] = given;
      const { bytes, trailers } = await decode(encode(parts, signed, trailer), size);
      expect(bytes).toEqual(Buffer.concat(parts));
      expect(trailers.get("x-amz-checksum-crc32")).toBe(trailer === "\r\n" ? undefined : "AAAA");
    }),
  );
});

test.each([
  ["no end", "3\r\nabc\r\n", "IncompleteBody"],
  ["half a chunk", "5\r\nabc", "IncompleteBody"],
  ["no size", "zz\r\nabc\r\n0\r\n\r\n", "InvalidRequest"],
  ["more than the size", "2\r\nabc\r\n0\r\n\r\n", "InvalidRequest"],
  ["a trailer that is none", "0\r\nnonsense\r\n\r\n", "MalformedTrailerError"],
])("%s is refused", async (_, body, code) => {
  await expect(decode(Buffer.from(body), 4)).rejects.toMatchObject({ code });
});
