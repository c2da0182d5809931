import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, test } from "vitest";
import { BUCKET, codeOf, Fixture } from "../../test/s3-server-fixture.ts";

const Bucket = BUCKET;
const CopySource = `${BUCKET}/from`;
const HELLO = '"5d41402abc4b2a76b9719d911017c592"';
const PAST = "Mon, 01 Jan 2024 00:00:00 GMT";
const FUTURE = "Fri, 01 Jan 2100 00:00:00 GMT";

async function withSource(): Promise<Fixture> {
  const s3 = await Fixture.open();
  await s3.client().send(
    new PutObjectCommand({
      Bucket,
      Key: "from",
      Body: "hello",
      ContentType: "text/csv",
      Metadata: { a: "1" },
    }),
  );
  return s3;
}

test("a copy has the source's bytes, ETag, checksum and metadata, and stays when the source goes", async () => {
  await using s3 = await withSource();
  const client = s3.client();
  const copy = await client.send(new CopyObjectCommand({ Bucket, Key: "to", CopySource }));
  expect(copy.CopyObjectResult).toMatchObject({ ETag: HELLO, ChecksumCRC32: "NhCmhg==" });
  await s3.send({ method: "DELETE", path: `/${BUCKET}/from` });
  await s3.put("from", "other");
  await s3.restart();
  const got = await s3.client().send(new GetObjectCommand({ Bucket, Key: "to" }));
  expect(await got.Body?.transformToString()).toBe("hello");
  expect(got).toMatchObject({ ETag: HELLO, ContentType: "text/csv", Metadata: { a: "1" } });
  await s3.send({ method: "DELETE", path: `/${BUCKET}/to` });
  await s3.close();
  expect(await s3.dataFiles()).toHaveLength(1);
});

test("REPLACE replaces all that was said of the source", async () => {
  await using s3 = await withSource();
  const client = s3.client();
  const Metadata = { b: "2" };
  await client.send(
    new CopyObjectCommand({
      Bucket,
      Key: "to",
      CopySource,
      MetadataDirective: "REPLACE",
      Metadata,
    }),
  );
  const got = await client.send(new GetObjectCommand({ Bucket, Key: "to" }));
  expect(got).toMatchObject({ ContentType: "binary/octet-stream", Metadata });
  expect(got.Metadata).not.toHaveProperty("a");
});

test("onto itself, a copy must change something", async () => {
  await using s3 = await withSource();
  const client = s3.client();
  const Key = "from";
  await expect(
    client.send(new CopyObjectCommand({ Bucket, Key, CopySource })),
  ).rejects.toMatchObject({ name: "InvalidRequest" });
  await client.send(
    new CopyObjectCommand({
      Bucket,
      Key,
      CopySource,
      MetadataDirective: "REPLACE",
      Metadata: { c: "3" },
    }),
  );
  const got = await client.send(new GetObjectCommand({ Bucket, Key }));
  expect([await got.Body?.transformToString(), got.Metadata]).toEqual(["hello", { c: "3" }]);
});

test("a copy of an object of parts is one piece: its ETag is its MD5", async () => {
  await using s3 = await Fixture.open();
  const client = s3.client();
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: "from" }));
  const part = { Bucket, Key: "from", UploadId, PartNumber: 1 };
  const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: "hello" }));
  await client.send(
    new CompleteMultipartUploadCommand({
      Bucket,
      Key: "from",
      UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
    }),
  );
  const copy = await client.send(new CopyObjectCommand({ Bucket, Key: "to", CopySource }));
  expect(copy.CopyObjectResult?.ETag).toBe(HELLO);
});

describe("conditions", () => {
  test.each([
    [{ "x-amz-copy-source-if-match": HELLO }, 200],
    [{ "x-amz-copy-source-if-match": '"x"' }, 412],
    [{ "x-amz-copy-source-if-none-match": HELLO }, 412],
    [{ "x-amz-copy-source-if-none-match": '"x"' }, 200],
    [{ "x-amz-copy-source-if-modified-since": FUTURE }, 412],
    [{ "x-amz-copy-source-if-modified-since": PAST }, 200],
    [{ "x-amz-copy-source-if-unmodified-since": PAST }, 412],
    [{ "x-amz-copy-source-if-unmodified-since": FUTURE }, 200],
    [{ "x-amz-copy-source-if-match": HELLO, "x-amz-copy-source-if-unmodified-since": PAST }, 200],
    [{ "if-none-match": "*" }, 200],
    [{ "if-match": HELLO }, 404],
  ])("%j onto a free key is answered %i", async (headers, status) => {
    await using s3 = await withSource();
    const answer = await s3.send({
      method: "PUT",
      path: `/${BUCKET}/to`,
      headers: { "x-amz-copy-source": CopySource, ...headers },
    });
    expect(answer.status).toBe(status);
    expect((await s3.get("to")).status).toBe(status === 200 ? 200 : 404);
  });

  test.each([
    [{ "if-none-match": "*" }, 412, "there"],
    [{ "if-match": '"x"' }, 412, "there"],
    [{ "if-match": "*" }, 200, "hello"],
  ] as const)("%j onto a key that is taken is answered %i", async (headers, status, text) => {
    await using s3 = await withSource();
    await s3.put("to", "there");
    const answer = await s3.send({
      method: "PUT",
      path: `/${BUCKET}/to`,
      headers: { "x-amz-copy-source": CopySource, ...headers },
    });
    expect(answer.status).toBe(status);
    expect((await s3.get("to")).text).toBe(text);
  });
});

test.each([
  ["/nowhere/from", "NoSuchBucket"],
  [`${BUCKET}/absent`, "NoSuchKey"],
  [BUCKET, "InvalidArgument"],
  [`${BUCKET}/from?versionId=7`, "NotImplemented"],
  ["arn:aws:s3:us-east-1:1:accesspoint/x/object/from", "NotImplemented"],
])("%s is no source", async (source, code) => {
  await using s3 = await withSource();
  const headers = { "x-amz-copy-source": source };
  const answer = await s3.send({ method: "PUT", path: `/${BUCKET}/to`, headers });
  expect(codeOf(answer)).toBe(code);
});
