import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { BUCKET, codeOf, Fixture } from "../../test/s3-server-fixture.ts";

const Bucket = BUCKET;

/** In the order of their UTF-8 bytes. */
const HOSTILE = [
  "\nnewline\r\n",
  " space ",
  "%2F",
  "%zz",
  "..",
  "../../etc/passwd",
  "/leading",
  "//",
  "?versionId=1",
  "A",
  "CON",
  "a",
  "a b+c&d=e;f:g@h,i'j\"k<l>m*n|o\\p#q?r",
  "a/",
  "a/./b",
  "a/b",
  "a//b",
  "ab",
  "x".repeat(1024),
  "é",
  "e\u0301é",
  "日本語.csv",
  "\ufb01",
  "😀",
].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

test("every key is its own object, is listed in UTF-8 order, and survives a restart", async () => {
  await using s3 = await Fixture.open();
  const client = s3.client();
  for (const Key of HOSTILE) {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: `body of ${Key}` }));
  }
  await s3.restart();
  const again = s3.client();
  for (const Key of HOSTILE) {
    const got = await again.send(new GetObjectCommand({ Bucket, Key }));
    expect(await got.Body?.transformToString()).toBe(`body of ${Key}`);
  }
  const listed = await again.send(new ListObjectsV2Command({ Bucket }));
  expect(listed.Contents?.map(({ Key }) => Key)).toEqual(HOSTILE);
  const encoded = await again.send(new ListObjectsV2Command({ Bucket, EncodingType: "url" }));
  const decoded = encoded.Contents?.map(({ Key = "" }) =>
    decodeURIComponent(Key.replaceAll("+", " ")),
  );
  expect(decoded).toEqual(HOSTILE);
});

test("every key can be the source of a copy", async () => {
  await using s3 = await Fixture.open();
  const client = s3.client();
  for (const Key of HOSTILE) {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    const CopySource = `${Bucket}/${encodeURIComponent(Key)}`;
    await client.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource }));
    const got = await client.send(new GetObjectCommand({ Bucket, Key: "copy" }));
    expect(await got.Body?.transformToString()).toBe(Key);
  }
});

test("a control character comes through in an encoded listing", async () => {
  await using s3 = await Fixture.open();
  await s3.put("\u0001\u007f", "x");
  const path = `/${BUCKET}?list-type=2&encoding-type=url`;
  expect((await s3.send({ path })).text).toContain("<Key>%01%7F</Key>");
});

test.each([
  ["1025 bytes", `/${BUCKET}/${"k".repeat(1025)}`, "KeyTooLongError"],
  ["1026 bytes in 513 letters", `/${BUCKET}/${"%C3%A9".repeat(513)}`, "KeyTooLongError"],
  ["bytes that are not UTF-8", `/${BUCKET}/%FF`, "InvalidURI"],
  ["a surrogate in UTF-8", `/${BUCKET}/%ED%A0%80`, "InvalidURI"],
  ["half an escape", `/${BUCKET}/a%2`, "InvalidURI"],
  ["a broken escape", `/${BUCKET}/%zz`, "InvalidURI"],
])("%s are no key", async (_, path, code) => {
  await using s3 = await Fixture.open();
  for (const method of ["PUT", "GET"]) {
    const answer = await s3.send({ method, path, ...(method === "PUT" && { body: "x" }) });
    expect([answer.status, codeOf(answer)]).toEqual([400, code]);
  }
});

test("listings page through keys and common prefixes, in both versions", async () => {
  await using s3 = await Fixture.open();
  const client = s3.client();
  for (const key of ["a", "b/1", "b/2", "c", "d/1/x", "d/2", "e"]) await s3.put(key, "x");
  const told: (string | undefined)[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket,
        Delimiter: "/",
        MaxKeys: 2,
        ...(ContinuationToken && { ContinuationToken }),
      }),
    );
    const names = [
      ...(page.Contents ?? []).map(({ Key }) => Key),
      ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
    ];
    expect(page.KeyCount).toBe(names.length);
    expect(page.IsTruncated).toBe(page.NextContinuationToken !== undefined);
    told.push(...names);
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  expect(told).toEqual(["a", "b/", "c", "d/", "e"]);

  const first = await client.send(new ListObjectsCommand({ Bucket, Delimiter: "/", MaxKeys: 2 }));
  expect(first).toMatchObject({ IsTruncated: true, NextMarker: "b/" });
  const second = await client.send(
    new ListObjectsCommand({ Bucket, Delimiter: "/", Marker: "b/" }),
  );
  expect(second.Contents?.map(({ Key }) => Key)).toEqual(["c", "e"]);
  expect(second.CommonPrefixes).toEqual([{ Prefix: "d/" }]);
  expect(second.Contents?.[0]?.Owner?.ID).toBe("topline");
});

test("a listing begins after a key, within a prefix, and tells what it was asked", async () => {
  await using s3 = await Fixture.open();
  const client = s3.client();
  for (const key of ["p/1", "p/2", "p/3", "q"]) await s3.put(key, "hello");
  const listed = await client.send(
    new ListObjectsV2Command({ Bucket, Prefix: "p/", StartAfter: "p/1", FetchOwner: true }),
  );
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: "p/2" }));
  expect(listed).toMatchObject({ Prefix: "p/", StartAfter: "p/1", KeyCount: 2, MaxKeys: 1000 });
  expect(listed.Contents?.map(({ Key }) => Key)).toEqual(["p/2", "p/3"]);
  expect(listed.Contents?.[0]).toMatchObject({
    Size: 5,
    ETag: '"5d41402abc4b2a76b9719d911017c592"',
    LastModified: head.LastModified,
    Owner: { ID: "topline" },
  });
});

test.each([
  ["max-keys=x", "InvalidArgument"],
  ["max-keys=-1", "InvalidArgument"],
  ["continuation-token=x", "InvalidArgument"],
  ["encoding-type=base64", "InvalidArgument"],
  ["unknown=1", "NotImplemented"],
])("a listing with %s is refused", async (query, code) => {
  await using s3 = await Fixture.open();
  expect(codeOf(await s3.send({ path: `/${BUCKET}?list-type=2&${query}` }))).toBe(code);
});

test("max-keys=0 is an empty page, and the last one", async () => {
  await using s3 = await Fixture.open();
  await s3.put("a", "x");
  const { text } = await s3.send({ path: `/${BUCKET}?list-type=2&max-keys=0` });
  expect(text).toContain("<KeyCount>0</KeyCount>");
  expect(text).toContain("<IsTruncated>false</IsTruncated>");
});
