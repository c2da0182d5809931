import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, test } from "vitest";
import { BUCKET, codeOf, Fixture } from "../../test/s3-server-fixture.ts";

const Bucket = BUCKET;
/** MD5 of `hello`. */
const HELLO = '"5d41402abc4b2a76b9719d911017c592"';

test("the SDK puts an object with its default checksum and reads back all that it said", async () => {
  await using s3 = await Fixture.open();
  const client = s3.client();
  const put = await client.send(
    new PutObjectCommand({
      Bucket,
      Key: "k",
      Body: "hello",
      ContentType: "text/csv",
      CacheControl: "no-store",
      ContentEncoding: "gzip",
      ContentDisposition: "attachment",
      ContentLanguage: "en",
      Metadata: { "Source-Id": "0123", empty: "" },
    }),
  );
  expect(put.ETag).toBe(HELLO);
  expect(put.$metadata.requestId).toMatch(/^[0-9A-F]{16}$/);
  const got = await client.send(new GetObjectCommand({ Bucket, Key: "k" }));
  expect(await got.Body?.transformToString()).toBe("hello");
  const head = await client.send(
    new HeadObjectCommand({ Bucket, Key: "k", ChecksumMode: "ENABLED" }),
  );
  for (const answer of [got, head]) {
    expect(answer).toMatchObject({
      ETag: HELLO,
      ContentLength: 5,
      ContentType: "text/csv",
      CacheControl: "no-store",
      ContentEncoding: "gzip",
      ContentDisposition: "attachment",
      ContentLanguage: "en",
      Metadata: { "source-id": "0123", empty: "" },
      ChecksumCRC32: "NhCmhg==",
      ChecksumType: "FULL_OBJECT",
    });
    expect(Math.abs(Date.now() - (answer.LastModified?.getTime() ?? 0))).toBeLessThan(60_000);
  }
});

test.each(["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const)(
  "the SDK streams a body with a trailing %s",
  async (ChecksumAlgorithm) => {
    await using s3 = await Fixture.open();
    const body = new Uint8Array(300_000).map((_, i) => (i * 7) % 251);
    const client = s3.client();
    const stream = Readable.from([body.subarray(0, 100_000), body.subarray(100_000)]);
    await client.send(
      new PutObjectCommand({
        Bucket,
        Key: "streamed",
        Body: stream,
        ContentLength: body.byteLength,
        ChecksumAlgorithm,
      }),
    );
    const got = await client.send(
      new GetObjectCommand({ Bucket, Key: "streamed", ChecksumMode: "ENABLED" }),
    );
    expect(got[`Checksum${ChecksumAlgorithm}`]).toBeDefined();
    expect(got.ContentEncoding).toBeUndefined();
    expect(got.ETag).toBe(`"${createHash("md5").update(body).digest("hex")}"`);
    expect(await got.Body?.transformToByteArray()).toEqual(body);
  },
);

describe("ranges", () => {
  test.each([
    ["bytes=1-3", 206, "ell", "bytes 1-3/5"],
    ["bytes=0-0", 206, "h", "bytes 0-0/5"],
    ["bytes=3-", 206, "lo", "bytes 3-4/5"],
    ["bytes=3-99", 206, "lo", "bytes 3-4/5"],
    ["bytes=-2", 206, "lo", "bytes 3-4/5"],
    ["bytes=-99", 206, "hello", "bytes 0-4/5"],
    ["bytes=3-1", 200, "hello", undefined],
    ["bytes=0-1,3-4", 200, "hello", undefined],
    ["lines=0-1", 200, "hello", undefined],
    ["bytes=5-", 416, "InvalidRange", "bytes */5"],
    ["bytes=-0", 416, "InvalidRange", "bytes */5"],
  ])("%s is answered %i", async (range, status, body, contentRange) => {
    await using s3 = await Fixture.open();
    await s3.put("k", "hello");
    const answer = await s3.get("k", { range });
    expect(answer.status).toBe(status);
    expect(answer.headers["content-range"]).toBe(contentRange);
    expect(codeOf(answer) ?? answer.text).toBe(body);
  });

  test("an empty object has no first byte", async () => {
    await using s3 = await Fixture.open();
    await s3.put("k", "");
    expect((await s3.get("k")).text).toBe("");
    expect((await s3.get("k", { range: "bytes=0-" })).status).toBe(416);
  });

  test("a part never carries the checksum of the whole", async () => {
    await using s3 = await Fixture.open();
    const client = s3.client();
    await client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "hello" }));
    const got = await client.send(new GetObjectCommand({ Bucket, Key: "k", Range: "bytes=1-2" }));
    expect(await got.Body?.transformToString()).toBe("el");
    expect(got.ChecksumCRC32).toBeUndefined();
  });

  test("If-Range with another ETag asks for the whole", async () => {
    await using s3 = await Fixture.open();
    await s3.put("k", "hello");
    const range = "bytes=0-1";
    expect((await s3.get("k", { range, "if-range": HELLO })).text).toBe("he");
    expect((await s3.get("k", { range, "if-range": '"other"' })).text).toBe("hello");
  });
});

describe("conditions on reading", () => {
  const PAST = "Mon, 01 Jan 2024 00:00:00 GMT";
  const FUTURE = "Fri, 01 Jan 2100 00:00:00 GMT";
  test.each([
    [{ "if-match": HELLO }, 200],
    [{ "if-match": HELLO.slice(1, -1) }, 200],
    [{ "if-match": "*" }, 200],
    [{ "if-match": `"x", ${HELLO}` }, 200],
    [{ "if-match": '"x"' }, 412],
    [{ "if-none-match": HELLO }, 304],
    [{ "if-none-match": "*" }, 304],
    [{ "if-none-match": '"x"' }, 200],
    [{ "if-modified-since": PAST }, 200],
    [{ "if-modified-since": FUTURE }, 304],
    [{ "if-unmodified-since": PAST }, 412],
    [{ "if-unmodified-since": FUTURE }, 200],
    [{ "if-match": HELLO, "if-unmodified-since": PAST }, 200],
    [{ "if-none-match": '"x"', "if-modified-since": FUTURE }, 200],
    [{ "if-match": HELLO, "if-none-match": HELLO }, 304],
    [{ "if-unmodified-since": "yesterday" }, 200],
  ] as const)("%j is answered %i", async (headers, status) => {
    await using s3 = await Fixture.open();
    await s3.put("k", "hello");
    const path = `/${BUCKET}/k`;
    const got = await s3.send({ path, headers });
    const text = { 200: "hello", 304: "", 412: "PreconditionFailed" }[status];
    expect([got.status, codeOf(got) ?? got.text]).toEqual([status, text]);
    expect(got.headers.etag).toBe(status === 412 ? undefined : HELLO);
    const head = await s3.send({ method: "HEAD", path, headers });
    expect([head.status, head.text]).toEqual([status, ""]);
  });

  test("what is unchanged comes without a checksum, which clients would look for in its body", async () => {
    await using s3 = await Fixture.open();
    await s3.put("k", "hello", { "x-amz-checksum-crc32": "NhCmhg==" });
    const headers = { "if-none-match": HELLO, "x-amz-checksum-mode": "ENABLED" };
    const got = await s3.get("k", headers);
    expect(got.status).toBe(304);
    expect(Object.keys(got.headers).filter((name) => name.includes("checksum"))).toEqual([]);
  });
});

describe("conditions on writing", () => {
  test("If-None-Match: * creates, and never replaces", async () => {
    await using s3 = await Fixture.open();
    expect((await s3.put("k", "hello", { "if-none-match": "*" })).status).toBe(200);
    const second = await s3.put("k", "other", { "if-none-match": "*" });
    expect([second.status, codeOf(second)]).toEqual([412, "PreconditionFailed"]);
    expect((await s3.get("k")).text).toBe("hello");
  });

  test("If-Match replaces that very object", async () => {
    await using s3 = await Fixture.open();
    const absent = await s3.put("k", "x", { "if-match": HELLO });
    expect([absent.status, codeOf(absent)]).toEqual([404, "NoSuchKey"]);
    await s3.put("k", "hello");
    expect((await s3.put("k", "new", { "if-match": HELLO })).status).toBe(200);
    expect((await s3.put("k", "newer", { "if-match": HELLO })).status).toBe(412);
    expect((await s3.get("k")).text).toBe("new");
  });

  test("If-None-Match with an ETag is not pretended", async () => {
    await using s3 = await Fixture.open();
    expect((await s3.put("k", "x", { "if-none-match": '"x"' })).status).toBe(501);
  });

  test("If-Match deletes that very object", async () => {
    await using s3 = await Fixture.open();
    const client = s3.client();
    const remove = (IfMatch?: string) =>
      client.send(new DeleteObjectCommand({ Bucket, Key: "k", ...(IfMatch && { IfMatch }) }));
    await s3.put("k", "hello");
    await expect(remove('"other"')).rejects.toMatchObject({
      name: "PreconditionFailed",
      $metadata: { httpStatusCode: 412 },
    });
    expect((await s3.get("k")).status).toBe(200);
    expect((await remove(HELLO)).$metadata.httpStatusCode).toBe(204);
    expect((await s3.get("k")).status).toBe(404);
    await expect(remove(HELLO)).rejects.toMatchObject({ name: "NoSuchKey" });
    expect((await remove()).$metadata.httpStatusCode).toBe(204);
  });
});

describe("DeleteObjects", () => {
  test("deletes each key on its own, and says which it did not", async () => {
    await using s3 = await Fixture.open();
    const client = s3.client();
    const keys = ["a&b<c>", " spaces ", "line\nbreak\r", "a", "a/b"];
    for (const key of keys) await s3.put(key, "hello");
    const Objects = [
      { Key: keys[0] },
      { Key: keys[1], ETag: HELLO },
      { Key: keys[2], ETag: '"other"' },
      { Key: "absent" },
      { Key: "absent too", ETag: HELLO },
    ] as { Key: string }[];
    const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(answer.Deleted?.map(({ Key }) => Key)).toEqual([keys[0], keys[1], "absent"]);
    expect(answer.Errors?.map(({ Key, Code }) => [Key, Code])).toEqual([
      [keys[2], "PreconditionFailed"],
      ["absent too", "NoSuchKey"],
    ]);
    const left = await client.send(new ListObjectsV2Command({ Bucket }));
    expect(left.Contents?.map(({ Key }) => Key)).toEqual(["a", "a/b", keys[2]]);
  });

  test("quietly, it tells faults alone", async () => {
    await using s3 = await Fixture.open();
    await s3.put("a", "hello");
    const Objects = [{ Key: "a" }, { Key: "b", ETag: HELLO }];
    const answer = await s3
      .client()
      .send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    expect(answer.Deleted).toBeUndefined();
    expect(answer.Errors?.map(({ Key }) => Key)).toEqual(["b"]);
  });

  test("a list without a checksum, one that is no list, and a condition that is not known delete nothing", async () => {
    await using s3 = await Fixture.open();
    await s3.put("a", "hello");
    const path = `/${BUCKET}?delete`;
    const send = (body: string, headers?: Record<string, string>) =>
      s3.send({ method: "POST", path, body, headers: headers ?? { "content-md5": md5(body) } });
    const list = "<Delete><Object><Key>a</Key></Object></Delete>";
    expect(codeOf(await send(list, {}))).toBe("InvalidRequest");
    expect(codeOf(await send(list, { "content-md5": md5("other") }))).toBe("BadDigest");
    expect(codeOf(await send("<Delete><Object>"))).toBe("MalformedXML");
    expect(codeOf(await send("<Delete></Delete>"))).toBe("MalformedXML");
    const sized = list.replace("</Key>", "</Key><Size>9</Size>");
    expect(codeOf(await send(sized))).toBe("NotImplemented");
    expect((await s3.get("a")).text).toBe("hello");
  });
});

const md5 = (text: string) => createHash("md5").update(text).digest("base64");
