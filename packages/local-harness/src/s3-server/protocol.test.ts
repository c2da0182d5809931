import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { once } from "node:events";
import { request } from "node:http";
import { describe, expect, test } from "vitest";
import { BUCKET, codeOf, Fixture } from "../../test/s3-server-fixture.ts";

const path = `/${BUCKET}/k`;
const hash = (algorithm: string, text: string) =>
  createHash(algorithm).update(text).digest("base64");

describe("checksums that are wrong keep an object from being", () => {
  test.each([
    ["Content-MD5", { "content-md5": hash("md5", "other") }, "BadDigest"],
    ["Content-MD5 that is none", { "content-md5": "abc" }, "InvalidDigest"],
    ["CRC32", { "x-amz-checksum-crc32": "AAAAAA==" }, "BadDigest"],
    ["CRC32C", { "x-amz-checksum-crc32c": "AAAAAA==" }, "BadDigest"],
    ["CRC64NVME", { "x-amz-checksum-crc64nvme": "AAAAAAAAAAA=" }, "BadDigest"],
    ["SHA1", { "x-amz-checksum-sha1": hash("sha1", "other") }, "BadDigest"],
    ["SHA256", { "x-amz-checksum-sha256": hash("sha256", "other") }, "BadDigest"],
    ["CRC32 of a wrong length", { "x-amz-checksum-crc32": "AAAA" }, "InvalidRequest"],
    [
      "two at once",
      { "x-amz-checksum-crc32": "NhCmhg==", "x-amz-checksum-sha1": hash("sha1", "hello") },
      "InvalidRequest",
    ],
    ["an algorithm without a value", { "x-amz-sdk-checksum-algorithm": "CRC32" }, "InvalidRequest"],
    ["one that is not known", { "x-amz-checksum-xxhash64": "AAAAAAAAAAA=" }, "NotImplemented"],
    ["payload hash", { "x-amz-content-sha256": "0".repeat(64) }, "XAmzContentSHA256Mismatch"],
    [
      "payload hash that is none",
      { "x-amz-content-sha256": "STREAMING-WHATEVER" },
      "InvalidArgument",
    ],
  ] as const)("%s", async (_, headers, code) => {
    await using s3 = await Fixture.open();
    const answer = await s3.send({ method: "PUT", path, headers, body: "hello" });
    expect(codeOf(answer)).toBe(code);
    expect((await s3.send({ path })).status).toBe(404);
    await s3.close();
    expect(await s3.dataFiles()).toEqual([]);
  });

  test("and right ones are told to readers who ask", async () => {
    await using s3 = await Fixture.open();
    const headers = { "x-amz-checksum-crc32c": "mnG7TA==", "content-md5": hash("md5", "hello") };
    expect((await s3.send({ method: "PUT", path, headers, body: "hello" })).status).toBe(200);
    const told = await s3.send({ path, headers: { "x-amz-checksum-mode": "ENABLED" } });
    expect(told.headers["x-amz-checksum-crc32c"]).toBe("mnG7TA==");
    expect((await s3.send({ path })).headers["x-amz-checksum-crc32c"]).toBeUndefined();
  });
});

describe("aws-chunked bodies", () => {
  const signature = "a".repeat(64);
  const chunked = (body: string, headers: Record<string, string>) => ({
    method: "PUT",
    path,
    body,
    headers: {
      "content-encoding": "aws-chunked,gzip",
      "x-amz-decoded-content-length": "5",
      ...headers,
    },
  });
  const UNSIGNED = {
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-trailer": "x-amz-checksum-crc32",
  };
  const SIGNED = { "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" };
  const SIGNED_TRAILER = {
    "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "x-amz-trailer": "x-amz-checksum-crc32",
  };

  test.each([
    [
      "unsigned, with a trailer",
      UNSIGNED,
      "2\r\nhe\r\n3\r\nllo\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
    ],
    [
      "signed",
      SIGNED,
      `5;chunk-signature=${signature}\r\nhello\r\n0;chunk-signature=${signature}\r\n\r\n`,
    ],
    [
      "signed, with a trailer",
      SIGNED_TRAILER,
      `5;chunk-signature=${signature}\r\nhello\r\n0;chunk-signature=${signature}\r\nx-amz-checksum-crc32:NhCmhg==\r\nx-amz-trailer-signature:${signature}\r\n\r\n`,
    ],
  ])("%s, are undone", async (_, headers, body) => {
    await using s3 = await Fixture.open();
    expect((await s3.send(chunked(body, headers))).status).toBe(200);
    const answer = await s3.send({ path });
    expect(answer.text).toBe("hello");
    expect(answer.headers["content-encoding"]).toBe("gzip");
  });

  test.each([
    ["a wrong trailer", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "BadDigest"],
    ["no trailer", "5\r\nhello\r\n0\r\n\r\n", "MalformedTrailerError"],
    [
      "fewer bytes than told",
      "4\r\nhell\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
      "IncompleteBody",
    ],
    [
      "more bytes than told",
      "6\r\nhello!\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
      "IncompleteBody",
    ],
    ["no last chunk", "5\r\nhello\r\n", "IncompleteBody"],
  ])("%s is refused, and the connection goes on", async (_, body, code) => {
    await using s3 = await Fixture.open();
    expect(codeOf(await s3.send(chunked(body, UNSIGNED)))).toBe(code);
    expect(codeOf(await s3.send({ path }))).toBe("NoSuchKey");
  });
});

test("a body refused at its first bytes does not hold up the connection", async () => {
  await using s3 = await Fixture.open();
  const headers = {
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-decoded-content-length": "4000000",
  };
  const body = new Uint8Array(4_000_000).fill(120);
  expect(codeOf(await s3.send({ method: "PUT", path, headers, body }))).toBe("InvalidRequest");
  expect((await s3.put("next", "fine")).status).toBe(200);
});

test("a body of unknown length is refused as S3 does", async () => {
  await using s3 = await Fixture.open();
  const headers = { "transfer-encoding": "chunked" };
  const answer = await s3.send({ method: "PUT", path, headers });
  expect([answer.status, codeOf(answer)]).toEqual([501, "NotImplemented"]);
});

describe("Expect: 100-continue", () => {
  /** Whether the server asked for the body, and what it answered in the end. */
  async function expectContinue(s3: Fixture, headers: Record<string, string> = {}) {
    const outgoing = request(`${s3.endpoint}${path}`, {
      method: "PUT",
      headers: { expect: "100-continue", "content-length": "5", ...headers },
    });
    let isAsked = false;
    outgoing.on("continue", () => {
      isAsked = true;
      outgoing.end("hello");
    });
    outgoing.flushHeaders();
    const [answer] = await once(outgoing, "response");
    answer.resume();
    await once(answer, "end");
    outgoing.destroy();
    return { isAsked, status: answer.statusCode };
  }

  test("asks for the body, then stores it", async () => {
    await using s3 = await Fixture.open();
    expect(await expectContinue(s3)).toEqual({ isAsked: true, status: 200 });
    expect((await s3.get("k")).text).toBe("hello");
  });

  test("does not ask for a body that it would refuse", async () => {
    await using s3 = await Fixture.open();
    await s3.put("k", "there");
    expect(await expectContinue(s3, { "if-none-match": "*" })).toEqual({
      isAsked: false,
      status: 412,
    });
  });
});

test("a client that leaves in the middle of its body leaves nothing", async () => {
  await using s3 = await Fixture.open();
  const { port } = new URL(s3.endpoint);
  const socket = connect(Number(port), "127.0.0.1");
  socket.write(
    `PUT ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n`,
  );
  await once(socket, "data");
  await new Promise((written) => socket.write(Buffer.alloc(500_000), written));
  socket.destroy();
  await once(socket, "close");
  await s3.restart();
  expect((await s3.get("k")).status).toBe(404);
  await s3.close();
  expect(await s3.dataFiles()).toEqual([]);
});

describe("errors are S3's", () => {
  test("a missing key names the key; HEAD says it without a word", async () => {
    await using s3 = await Fixture.open();
    const answer = await s3.send({ path: `/${BUCKET}/a%26b` });
    expect(answer.status).toBe(404);
    expect(answer.headers["content-type"]).toBe("application/xml");
    expect(answer.text).toContain(
      "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>a&amp;b</Key>",
    );
    expect(answer.text).toContain(
      `<RequestId>${String(answer.headers["x-amz-request-id"])}</RequestId>`,
    );
    const head = await s3.send({ method: "HEAD", path });
    expect([head.status, head.text]).toEqual([404, ""]);
  });

  test("a missing bucket is named", async () => {
    await using s3 = await Fixture.open();
    const answer = await s3.send({ path: "/nowhere/k" });
    expect(answer.text).toContain("<Code>NoSuchBucket</Code>");
    expect(answer.text).toContain("<BucketName>nowhere</BucketName>");
  });
});

test.each([
  ["GET", `${path}?acl`],
  ["GET", `${path}?tagging`],
  ["GET", `${path}?versionId=1`],
  ["GET", `${path}?partNumber=1`],
  ["GET", `${path}?attributes`],
  ["PUT", `${path}?tagging`],
  ["PUT", `${path}?retention`],
  ["POST", `${path}?select&select-type=2`],
  ["POST", `${path}?restore`],
  ["DELETE", `${path}?versionId=1`],
  ["PUT", `/${BUCKET}?versioning`],
  ["GET", `/${BUCKET}?versions`],
  ["PUT", `/${BUCKET}?policy`],
  ["GET", `/${BUCKET}?lifecycle`],
  ["DELETE", `/${BUCKET}?website`],
  ["POST", `/${BUCKET}`],
  ["OPTIONS", path],
  ["PATCH", path],
])("%s %s is not implemented, and changes nothing", async (method, target) => {
  await using s3 = await Fixture.open();
  await s3.put("k", "hello");
  const answer = await s3.send({ method, path: target, body: "" });
  expect([answer.status, codeOf(answer)]).toEqual([501, "NotImplemented"]);
  expect((await s3.send({ path })).text).toBe("hello");
});

test.each([
  ["x-amz-tagging", "a=b"],
  ["x-amz-acl", "public-read"],
  ["x-amz-storage-class", "GLACIER"],
  ["x-amz-server-side-encryption", "AES256"],
  ["x-amz-object-lock-mode", "GOVERNANCE"],
  ["x-amz-website-redirect-location", "/x"],
  ["x-amz-expected-bucket-owner", "1"],
])("a put with %s: %s is not implemented", async (name, value) => {
  await using s3 = await Fixture.open();
  expect((await s3.put("k", "x", { [name]: value })).status).toBe(501);
  expect((await s3.get("k")).status).toBe(404);
});

test("a presigned URL is taken as it is, with the headers in its query", async () => {
  await using s3 = await Fixture.open();
  const signed =
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD";
  const put = await s3.send({
    method: "PUT",
    path: `${path}?${signed}&x-amz-meta-who=M%C3%BCller&x-id=PutObject`,
    body: "hello",
  });
  expect(put.status).toBe(200);
  const answer = await s3.send({ path: `${path}?${signed}&x-id=GetObject` });
  expect(answer.text).toBe("hello");
  const older = "AWSAccessKeyId=a&Signature=b%2Bc%3D&Expires=1";
  expect((await s3.send({ path: `${path}?${older}` })).text).toBe("hello");
  const who = Buffer.from(String(answer.headers["x-amz-meta-who"]), "latin1").toString();
  expect(who).toBe("Müller");
});

test("readers may ask for other headers, of any text but one that breaks them", async () => {
  await using s3 = await Fixture.open();
  await s3.put("k", "hello", { "content-type": "text/csv" });
  const query =
    "response-content-type=text%2Fplain&response-content-disposition=attachment%3B%20filename%3D%22%C3%BC.csv%22&response-cache-control=no-cache";
  const answer = await s3.send({ path: `${path}?${query}` });
  expect(answer.headers["content-type"]).toBe("text/plain");
  expect(answer.headers["cache-control"]).toBe("no-cache");
  expect(answer.headers["content-disposition"]).toBe('attachment; filename="Ã¼.csv"');
  const broken = await s3.send({ path: `${path}?response-content-type=a%0D%0Aevil:1` });
  expect([broken.status, codeOf(broken)]).toEqual([400, "InvalidArgument"]);
});

test("more metadata than S3 takes is refused", async () => {
  await using s3 = await Fixture.open();
  const answer = await s3.put("k", "x", { "x-amz-meta-a": "b".repeat(2048) });
  expect(codeOf(answer)).toBe("MetadataTooLarge");
});
