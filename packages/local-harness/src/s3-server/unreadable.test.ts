import { Buffer } from "node:buffer";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BUCKET, Fixture } from "../../test/s3-server-fixture.ts";

/** What is no request, or a strange one, gets an answer of S3's, and the server goes on. */

let s3: Fixture;
beforeAll(async () => {
  s3 = await Fixture.open();
  await s3.put("k", "hello");
});
afterAll(() => s3[Symbol.asyncDispose]());

/** Sends bytes as they are; resolves with all that came back, once the server has hung up. */
async function exchange(bytes: string | Uint8Array, isAll = false): Promise<string> {
  const socket = connect(Number(new URL(s3.endpoint).port), "127.0.0.1");
  if (isAll) socket.end(bytes);
  else socket.write(bytes);
  return (await buffer(socket)).toString("latin1");
}

const request = (line: string, headers: readonly string[] = [], body = "") =>
  [line, "Host: x", "Connection: close", ...headers, "", body].join("\r\n");

const answerOf = (text: string) => ({
  status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]),
  code: /<Error><Code>(\w+)<\/Code>/.exec(text)?.[1],
});

/** The object is as it was, and the server well. */
async function isUnharmed() {
  const { status, text } = await s3.get("k");
  return status === 200 && text === "hello";
}

const path = `/${BUCKET}/k`;
const CHUNKED = [
  "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
  "x-amz-decoded-content-length: 5",
];

describe("S3's words for", () => {
  test.each([
    ["a method that nobody knows", request(`FROB ${path} HTTP/1.1`), 400, "BadRequest"],
    ["a tunnel", request("CONNECT other:443 HTTP/1.1"), 405, "MethodNotAllowed"],
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n", 400, "BadRequest"],
    ["TLS", Buffer.from("16030100f4010000f00303", "hex"), 400, "BadRequest"],
    ["a version to come", request(`GET ${path} HTTP/9.9`), 400, "BadRequest"],
    ["no host", `GET ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`, 400, "BadRequest"],
    ["a header without a name", request(`GET ${path} HTTP/1.1`, [": x"]), 400, "BadRequest"],
    ["a header with a NUL", request(`GET ${path} HTTP/1.1`, ["a: \0"]), 400, "BadRequest"],
    [
      "a head of 100 KB",
      request(`GET ${path} HTTP/1.1`, [`a: ${"b".repeat(100_000)}`]),
      400,
      "RequestHeaderSectionTooLarge",
    ],
    [
      "a query of 1 MB",
      request(`GET ${path}?a=${"b".repeat(1_000_000)} HTTP/1.1`),
      400,
      "RequestHeaderSectionTooLarge",
    ],
    [
      "a negative length",
      request(`PUT ${path} HTTP/1.1`, ["Content-Length: -1"]),
      400,
      "BadRequest",
    ],
    [
      "two lengths",
      request(`PUT ${path} HTTP/1.1`, ["Content-Length: 1", "Content-Length: 2"], "x"),
      400,
      "BadRequest",
    ],
    [
      "a length and chunks",
      request(`PUT ${path} HTTP/1.1`, ["Content-Length: 3", "Transfer-Encoding: chunked"], "0\r\n"),
      400,
      "BadRequest",
    ],
    [
      "a transfer in broken chunks",
      request(`PUT ${path} HTTP/1.1`, [...CHUNKED, "Transfer-Encoding: chunked"], "zz\r\nhello"),
      400,
      "BadRequest",
    ],
    [
      "a signature of a chunk that ends early",
      request(`PUT ${path} HTTP/1.1`, [...CHUNKED, "Content-Length: 21"], "5;chunk-signature=abc"),
      400,
      "IncompleteBody",
    ],
    [
      "a chunk that ends early",
      request(
        `PUT ${path} HTTP/1.1`,
        [...CHUNKED, "Content-Length: 26"],
        "5;chunk-signature=abc\r\nhel",
      ),
      400,
      "IncompleteBody",
    ],
    [
      "a chunk of another length than it says",
      request(`PUT ${path} HTTP/1.1`, [...CHUNKED, "Content-Length: 10"], "2\r\nhello\r\n"),
      400,
      "InvalidRequest",
    ],
    [
      "an unknown expectation",
      request(`GET ${path} HTTP/1.1`, ["Expect: joy"]),
      501,
      "NotImplemented",
    ],
    ["half an escape", request(`GET ${path}?prefix=%4 HTTP/1.1`), 400, "InvalidURI"],
    ["an escape that is none", request(`GET /${BUCKET}/%zz HTTP/1.1`), 400, "InvalidURI"],
    ["bytes that are not UTF-8", request(`GET /${BUCKET}/%ff%fe HTTP/1.1`), 400, "InvalidURI"],
    ["a query of nothing", request(`GET ${path}?=&&== HTTP/1.1`), 501, "NotImplemented"],
    ["a query of noise", request(`GET /${BUCKET}?%00;'"<>&x[]=1 HTTP/1.1`), 501, "NotImplemented"],
    [
      "a token that it never gave",
      request(`GET /${BUCKET}?list-type=2&continuation-token=bm9uZQ HTTP/1.1`),
      400,
      "InvalidArgument",
    ],
    ["a path that is none", request("GET * HTTP/1.1"), 400, "InvalidURI"],
  ])("%s", async (_, bytes, status, code) => {
    expect(answerOf(await exchange(bytes))).toEqual({ status, code });
    expect(await isUnharmed()).toBe(true);
  });
});

test.each([
  ["its head", `GET ${path} HTTP/1.1\r\nHost: x\r\nAcc`],
  ["its body", request(`PUT ${path} HTTP/1.1`, ["Content-Length: 10"], "hello")],
])("a request that ends in %s is none", async (_, bytes) => {
  // Deno hangs up without a word.
  expect(["BadRequest", undefined]).toContain(answerOf(await exchange(bytes, true)).code);
  expect(await isUnharmed()).toBe(true);
});

test("what comes behind a request is refused behind its answer", async () => {
  const text = await exchange(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\nFROB / HTTP/1.1\r\n\r\n`);
  expect(text.match(/HTTP\/1\.1 \d{3}/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 400"]);
  expect(text).toMatch(/\r\n\r\nhelloHTTP/);
});

const SOUND = request(
  `PUT /${BUCKET}/other?x-id=PutObject HTTP/1.1`,
  [...CHUNKED, "Content-Length: 44", "x-amz-meta-a: b"],
  "5;chunk-signature=abc\r\nhello\r\n0;chunk-sig\r\n\r\n",
);

test("whatever becomes of a request on its way, it is answered or hung up on", async () => {
  const damage = fc.record({
    at: fc.nat(SOUND.length - 1),
    removed: fc.nat(20),
    put: fc.uint8Array({ maxLength: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
      let bytes = Buffer.from(SOUND, "latin1");
      for (const { at, removed, put } of damages) {
        bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + removed)]);
      }
      const text = await exchange(bytes, true);
      const { status, code } = answerOf(text);
      const isSuccess = status === 200 || status === 204;
      expect(text === "" || isSuccess || (code !== undefined && status !== 500), text).toBe(true);
    }),
    { numRuns: 400 },
  );
  expect(await isUnharmed()).toBe(true);
});
