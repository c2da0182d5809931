import { createHash } from "node:crypto";
import {
  CreateMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BUCKET, type S3Process, startS3Process } from "../s3-server-process.ts";

/** URLs of @aws-sdk/s3-request-presigner, fetched by whoever has them. */

const Bucket = BUCKET;
const Key = "dir/a name with spaces & ümläuts+.txt";

let s3: S3Process;
let client: S3Client;
beforeAll(async () => {
  s3 = await startS3Process();
  client = s3.client();
});
afterAll(() => s3[Symbol.asyncDispose]());

test("an object is put, read, asked about and deleted by URLs alone", async () => {
  const put = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key }));
  // The SDK signs the checksum of a body that it does not have; S3 takes no notice of one in a query.
  expect(put).toContain("x-amz-checksum-crc32=AAAAAA");
  expect((await fetch(put, { method: "PUT", body: "hello" })).status).toBe(200);

  const get = await getSignedUrl(
    client,
    new GetObjectCommand({ Bucket, Key, ResponseContentDisposition: 'attachment; filename="ä"' }),
  );
  const got = await fetch(get);
  expect(await got.text()).toBe("hello");
  expect(got.headers.get("content-disposition")).toContain("attachment");
  const part = await fetch(get, { headers: { Range: "bytes=1-2" } });
  expect([part.status, await part.text()]).toEqual([206, "el"]);

  const head = await getSignedUrl(client, new HeadObjectCommand({ Bucket, Key }));
  expect((await fetch(head, { method: "HEAD" })).headers.get("content-length")).toBe("5");
  const list = await getSignedUrl(client, new ListObjectsV2Command({ Bucket, Prefix: "dir/" }));
  expect(await (await fetch(list)).text()).toContain("<KeyCount>1</KeyCount>");
  const gone = await getSignedUrl(client, new DeleteObjectCommand({ Bucket, Key }));
  expect((await fetch(gone, { method: "DELETE" })).status).toBe(204);
  expect((await fetch(get)).status).toBe(404);
});

test("what a URL says of the object to be put holds", async () => {
  const command = new PutObjectCommand({
    Bucket,
    Key: "described",
    Metadata: { by: "url" },
    IfNoneMatch: "*",
  });
  const url = await getSignedUrl(client, command, { unhoistableHeaders: new Set() });
  const headers = { "if-none-match": "*", "content-type": "text/csv" };
  expect((await fetch(url, { method: "PUT", headers, body: "x" })).status).toBe(200);
  const again = await fetch(url, { method: "PUT", headers, body: "y" });
  expect([again.status, await again.text()]).toEqual([
    412,
    expect.stringContaining("<Code>PreconditionFailed</Code>"),
  ]);
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: "described" }));
  expect(head).toMatchObject({ Metadata: { by: "url" }, ContentType: "text/csv" });
});

test("a checksum that comes as a header is checked, whatever the URL says", async () => {
  const url = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key: "checked" }));
  const put = (sha256: string) =>
    fetch(url, { method: "PUT", body: "hello", headers: { "x-amz-checksum-sha256": sha256 } });
  const wrong = await put(createHash("sha256").update("other").digest("base64"));
  expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining("BadDigest")]);
  expect((await put(createHash("sha256").update("hello").digest("base64"))).status).toBe(200);
});

test("the parts of an upload are put by URLs", async () => {
  const upload = { Bucket, Key: "parts" };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
  const bodies = ["a".repeat(5 * 1024 ** 2), "b"];
  const Parts = await Promise.all(
    bodies.map(async (body, at) => {
      const part = { ...upload, UploadId, PartNumber: at + 1 };
      const url = await getSignedUrl(client, new UploadPartCommand(part));
      const { headers } = await fetch(url, { method: "PUT", body });
      return { PartNumber: at + 1, ETag: headers.get("etag") ?? "" };
    }),
  );
  const complete = { ...upload, UploadId, MultipartUpload: { Parts } };
  await client.send(new CompleteMultipartUploadCommand(complete));
  const { Body } = await client.send(new GetObjectCommand(upload));
  expect(await Body?.transformToString()).toBe(bodies.join(""));
});
