import { createHash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { crc32 } from "node:zlib";
import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { BUCKET, codeOf, Fixture } from "../../test/s3-server-fixture.ts";

const Bucket = BUCKET;
const Key = "big";
const FIRST = new Uint8Array(5 * 1024 * 1024).map((_, i) => i % 253);
const LAST = new TextEncoder().encode("the end");
const WHOLE = Buffer.concat([FIRST, LAST]);
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest();
const ETAG = `"${md5(Buffer.concat([md5(FIRST), md5(LAST)])).toString("hex")}-2"`;
const base64Crc32 = (bytes: Uint8Array) => {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString("base64");
};

async function begin(client: S3Client, input: Partial<CreateMultipartUploadCommandInput> = {}) {
  const command = new CreateMultipartUploadCommand({ Bucket, Key, ...input });
  const { UploadId } = await client.send(command);
  if (UploadId === undefined) throw new Error("no upload id");
  return UploadId;
}

/** For uploads whose parts are named with their checksum. */
const CHECKED = { ChecksumAlgorithm: "CRC32" } as const;

async function sendPart(client: S3Client, UploadId: string, PartNumber: number, Body: Uint8Array) {
  const command = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body });
  const { ETag, ChecksumCRC32 } = await client.send(command);
  return { PartNumber, ETag, ChecksumCRC32 };
}

const complete = (
  client: S3Client,
  UploadId: string,
  Parts: readonly { PartNumber: number; ETag: string | undefined }[],
  input: Partial<CompleteMultipartUploadCommandInput> = {},
) =>
  client.send(
    new CompleteMultipartUploadCommand({
      Bucket,
      Key,
      UploadId,
      MultipartUpload: { Parts: [...Parts] },
      ...input,
    }),
  );

async function read(client: S3Client, Range?: string): Promise<Uint8Array | undefined> {
  const got = await client.send(new GetObjectCommand({ Bucket, Key, ...(Range && { Range }) }));
  return got.Body?.transformToByteArray();
}

test("parts in any order, one of them twice, become one object across a restart", async () => {
  await using s3 = await Fixture.open();
  const before = s3.client();
  const id = await begin(before, { ...CHECKED, ContentType: "text/csv", Metadata: { a: "1" } });
  const last = await sendPart(before, id, 7, LAST);
  await sendPart(before, id, 2, LAST);
  const first = await sendPart(before, id, 2, FIRST);
  expect((await s3.get(Key)).status).toBe(404);
  await s3.restart();

  const client = s3.client();
  const done = await complete(client, id, [first, last]);
  expect(done.ETag).toBe(ETAG);
  const got = await client.send(new GetObjectCommand({ Bucket, Key }));
  expect(got).toMatchObject({ ETag: ETAG, ContentType: "text/csv", Metadata: { a: "1" } });
  expect(WHOLE.equals((await got.Body?.transformToByteArray()) ?? LAST)).toBe(true);
  const border = await read(client, `bytes=${FIRST.length - 2}-${FIRST.length + 2}`);
  expect(border).toEqual(Uint8Array.from(WHOLE.subarray(FIRST.length - 2, FIRST.length + 3)));
  await expect(complete(client, id, [first, last])).rejects.toMatchObject({ name: "NoSuchUpload" });
  await s3.restart();
  expect(WHOLE.equals((await read(s3.client())) ?? LAST)).toBe(true);
  await s3.close();
  expect(await s3.dataFiles()).toHaveLength(2);
});

describe("checksums of the whole", () => {
  test("a composite one is made of the parts'", async () => {
    await using s3 = await Fixture.open();
    const client = s3.client();
    const id = await begin(client, CHECKED);
    const parts = [await sendPart(client, id, 1, FIRST), await sendPart(client, id, 2, LAST)];
    expect(parts[1]?.ChecksumCRC32).toBe(base64Crc32(LAST));
    const done = await complete(client, id, parts);
    const ofParts = Buffer.concat(
      [FIRST, LAST].map((part) => Buffer.from(base64Crc32(part), "base64")),
    );
    expect(done).toMatchObject({
      ChecksumCRC32: `${base64Crc32(ofParts)}-2`,
      ChecksumType: "COMPOSITE",
    });
  });

  test("a full one is that of the bytes, and is compared with what the client says", async () => {
    await using s3 = await Fixture.open();
    const client = s3.client();
    const id = await begin(client, { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" });
    const parts = [await sendPart(client, id, 1, FIRST), await sendPart(client, id, 2, LAST)];
    const wrong = complete(client, id, parts, { ChecksumCRC32: "AAAAAA==" });
    await expect(wrong).rejects.toMatchObject({ name: "BadDigest" });
    const short = complete(client, id, parts, { MpuObjectSize: 5 });
    await expect(short).rejects.toMatchObject({ name: "InvalidRequest" });
    const done = await complete(client, id, parts, {
      ChecksumCRC32: base64Crc32(WHOLE),
      MpuObjectSize: WHOLE.length,
    });
    expect(done).toMatchObject({ ChecksumCRC32: base64Crc32(WHOLE), ChecksumType: "FULL_OBJECT" });
  });

  test("a part of another kind is refused", async () => {
    await using s3 = await Fixture.open();
    const client = s3.client();
    const id = await begin(client, { ChecksumAlgorithm: "SHA256" });
    const part = { Bucket, Key, UploadId: id, PartNumber: 1, Body: LAST };
    await expect(
      client.send(new UploadPartCommand({ ...part, ChecksumAlgorithm: "CRC32" })),
    ).rejects.toMatchObject({ name: "InvalidRequest" });
  });
});

test("parts can be copied, whole and in ranges, on conditions", async () => {
  await using s3 = await Fixture.open();
  const client = s3.client();
  await s3.put("source", WHOLE);
  const id = await begin(client);
  const copy = (PartNumber: number, CopySourceRange?: string, CopySourceIfMatch?: string) =>
    client.send(
      new UploadPartCopyCommand({
        Bucket,
        Key,
        UploadId: id,
        PartNumber,
        CopySource: `${Bucket}/source`,
        ...(CopySourceRange && { CopySourceRange }),
        ...(CopySourceIfMatch && { CopySourceIfMatch }),
      }),
    );
  const first = await copy(1, `bytes=0-${FIRST.length - 1}`);
  const last = await copy(2, `bytes=${FIRST.length}-${WHOLE.length - 1}`);
  expect(last.CopyPartResult?.ETag).toBe(`"${md5(LAST).toString("hex")}"`);
  await expect(copy(3, `bytes=0-${WHOLE.length}`)).rejects.toMatchObject({
    name: "InvalidArgument",
  });
  await expect(copy(3, undefined, '"x"')).rejects.toMatchObject({ name: "PreconditionFailed" });
  await s3.send({ method: "DELETE", path: `/${Bucket}/source` });
  const done = await complete(client, id, [
    { PartNumber: 1, ETag: first.CopyPartResult?.ETag },
    { PartNumber: 2, ETag: last.CopyPartResult?.ETag },
  ]);
  expect(done.ETag).toBe(ETAG);
  expect(WHOLE.equals((await read(client)) ?? LAST)).toBe(true);
});

describe("an upload is not completed", () => {
  test("with parts that are too small, out of order, unknown, changed, or none", async () => {
    await using s3 = await Fixture.open();
    const client = s3.client();
    const id = await begin(client, CHECKED);
    const one = await sendPart(client, id, 1, LAST);
    const two = await sendPart(client, id, 2, LAST);
    const refused = async (parts: readonly { PartNumber: number; ETag: string | undefined }[]) =>
      complete(client, id, parts).then(
        () => "done",
        (error: Error) => error.name,
      );
    expect(await refused([one, two])).toBe("EntityTooSmall");
    expect(await refused([two, one])).toBe("InvalidPartOrder");
    expect(await refused([one, one])).toBe("InvalidPartOrder");
    expect(await refused([{ ...one, PartNumber: 3 }])).toBe("InvalidPart");
    expect(await refused([{ ...one, ETag: '"0123"' }])).toBe("InvalidPart");
    expect(await refused([])).toBe("MalformedXML");
    expect(await refused([two])).toBe("done");
  });

  test("with checksums of parts that it was not to have, or without those it was to have", async () => {
    await using s3 = await Fixture.open();
    const client = s3.client();
    const unchecked = await begin(client);
    const named = await sendPart(client, unchecked, 1, LAST);
    const { ChecksumCRC32: _, ...part } = named;
    await expect(complete(client, unchecked, [named])).rejects.toMatchObject({
      name: "InvalidPart",
    });
    await complete(client, unchecked, [part]);
    const checked = await begin(client, CHECKED);
    await sendPart(client, checked, 1, LAST);
    const bare = complete(client, checked, [part]);
    await expect(bare).rejects.toMatchObject({ name: "InvalidRequest" });
  });

  test("over an object that must not be there, and can be tried again", async () => {
    await using s3 = await Fixture.open();
    const client = s3.client();
    const id = await begin(client, CHECKED);
    const part = await sendPart(client, id, 1, LAST);
    await s3.put(Key, "there");
    const completing = complete(client, id, [part], { IfNoneMatch: "*" });
    await expect(completing).rejects.toMatchObject({ name: "PreconditionFailed" });
    await s3.send({ method: "DELETE", path: `/${Bucket}/${Key}` });
    await complete(client, id, [part], { IfNoneMatch: "*" });
    expect(await read(client)).toEqual(LAST);
  });

  test("under another key, or once it is aborted; its parts are gone then", async () => {
    await using s3 = await Fixture.open();
    const client = s3.client();
    const id = await begin(client);
    const part = await sendPart(client, id, 1, LAST);
    const other = complete(client, id, [part], { Key: "other" });
    await expect(other).rejects.toMatchObject({ name: "NoSuchUpload" });
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: id }));
    await expect(complete(client, id, [part])).rejects.toMatchObject({ name: "NoSuchUpload" });
    await expect(sendPart(client, id, 1, LAST)).rejects.toMatchObject({ name: "NoSuchUpload" });
    await s3.close();
    expect(await s3.dataFiles()).toEqual([]);
  });

  test.each(["0", "10001", "x"])("with a part number of %s", async (number) => {
    await using s3 = await Fixture.open();
    const id = await begin(s3.client());
    const path = `/${Bucket}/${Key}?uploadId=${id}&partNumber=${number}`;
    expect(codeOf(await s3.send({ method: "PUT", path, body: "x" }))).toBe("InvalidArgument");
  });
});

test("uploads and parts under way are listed page by page", async () => {
  await using s3 = await Fixture.open();
  const client = s3.client();
  const id = await begin(client);
  for (const number of [3, 1, 2]) await sendPart(client, id, number, LAST);
  const parts = { Bucket, Key, UploadId: id };
  const page = await client.send(new ListPartsCommand({ ...parts, MaxParts: 2 }));
  expect(page.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
    [1, 7],
    [2, 7],
  ]);
  expect(page).toMatchObject({ IsTruncated: true, NextPartNumberMarker: "2" });
  const rest = await client.send(new ListPartsCommand({ ...parts, PartNumberMarker: "2" }));
  expect(rest.Parts?.map(({ PartNumber }) => PartNumber)).toEqual([3]);
  expect(rest.IsTruncated).toBe(false);

  const inFolder = [await begin(client, { Key: "dir/a" }), await begin(client, { Key: "dir/b" })];
  const grouped = await client.send(new ListMultipartUploadsCommand({ Bucket, Delimiter: "/" }));
  expect(grouped.Uploads?.map(({ UploadId }) => UploadId)).toEqual([id]);
  expect(grouped.CommonPrefixes).toEqual([{ Prefix: "dir/" }]);
  const told: (string | undefined)[] = [];
  let markers = {};
  for (let isTruncated = true; isTruncated;) {
    const command = new ListMultipartUploadsCommand({ Bucket, MaxUploads: 1, ...markers });
    const { Uploads, NextKeyMarker, NextUploadIdMarker, IsTruncated } = await client.send(command);
    told.push(...(Uploads ?? []).map(({ UploadId }) => UploadId));
    markers = { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker };
    isTruncated = IsTruncated === true;
  }
  expect(told).toEqual([id, ...inFolder]);
});
