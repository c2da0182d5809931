import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketLocationCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  paginateListBuckets,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { BUCKET, codeOf, Fixture } from "../../test/s3-server-fixture.ts";

test("buckets come, tell where they are, survive a restart, and go when they are empty", async () => {
  await using s3 = await Fixture.open();
  const CreateBucketConfiguration = { LocationConstraint: "eu-west-1" } as const;
  await s3
    .client()
    .send(new CreateBucketCommand({ Bucket: "far.away", CreateBucketConfiguration }));
  await s3.restart();
  const client = s3.client();
  const { Buckets } = await client.send(new ListBucketsCommand({}));
  expect(Buckets?.map(({ Name }) => Name)).toEqual(["far.away", BUCKET]);
  const head = await client.send(new HeadBucketCommand({ Bucket: "far.away" }));
  expect(head.BucketRegion).toBe("eu-west-1");
  const far = await client.send(new GetBucketLocationCommand({ Bucket: "far.away" }));
  const near = await client.send(new GetBucketLocationCommand({ Bucket: BUCKET }));
  expect([far.LocationConstraint, near.LocationConstraint]).toEqual(["eu-west-1", undefined]);

  await s3.put("k", "x");
  await expect(client.send(new DeleteBucketCommand({ Bucket: BUCKET }))).rejects.toMatchObject({
    name: "BucketNotEmpty",
  });
  await s3.send({ method: "DELETE", path: `/${BUCKET}/k` });
  await client.send(new DeleteBucketCommand({ Bucket: BUCKET }));
  await expect(client.send(new HeadBucketCommand({ Bucket: BUCKET }))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 404 },
  });
});

test("buckets are listed page by page, by prefix and by region", async () => {
  await using s3 = await Fixture.open();
  const client = s3.client();
  const names = Array.from({ length: 7 }, (_, i) => `page-${i}`);
  for (const Bucket of names) await client.send(new CreateBucketCommand({ Bucket }));
  const CreateBucketConfiguration = { LocationConstraint: "eu-west-1" } as const;
  await client.send(new CreateBucketCommand({ Bucket: "page-x", CreateBucketConfiguration }));
  const told: (string | undefined)[][] = [];
  const input = { Prefix: "page-", BucketRegion: "us-east-1" };
  for await (const page of paginateListBuckets({ client, pageSize: 3 }, input)) {
    expect(page.Prefix).toBe("page-");
    told.push((page.Buckets ?? []).map(({ Name }) => Name));
  }
  expect(told).toEqual([names.slice(0, 3), names.slice(3, 6), names.slice(6)]);
  const far = await client.send(new ListBucketsCommand({ BucketRegion: "eu-west-1" }));
  expect(far.Buckets?.map(({ Name, BucketRegion }) => [Name, BucketRegion])).toEqual([
    ["page-x", "eu-west-1"],
  ]);
  for (const parameter of ["max-buckets=0", "max-buckets=10001", "continuation-token=x"]) {
    expect(codeOf(await s3.send({ path: `/?${parameter}` }))).toBe("InvalidArgument");
  }
});

test("a bucket that is there keeps its objects when it is made again", async () => {
  await using s3 = await Fixture.open();
  await s3.put("k", "x");
  expect((await s3.send({ method: "PUT", path: `/${BUCKET}` })).status).toBe(200);
  expect((await s3.get("k")).text).toBe("x");
  const elsewhere =
    "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
  const again = await s3.send({ method: "PUT", path: `/${BUCKET}`, body: elsewhere });
  expect([again.status, codeOf(again)]).toEqual([409, "BucketAlreadyOwnedByYou"]);
});

test.each([
  "ab",
  "UPPER",
  "a_b",
  "-ab",
  "ab-",
  "a..b",
  "a.-b",
  "1.2.3.4",
  "%2e%2e",
  "x".repeat(64),
])("%s is no name for a bucket", async (name) => {
  await using s3 = await Fixture.open();
  expect(codeOf(await s3.send({ method: "PUT", path: `/${name}` }))).toBe("InvalidBucketName");
});

test("what a new bucket cannot have is refused", async () => {
  await using s3 = await Fixture.open();
  const body = "<CreateBucketConfiguration><Tags/></CreateBucketConfiguration>";
  expect(codeOf(await s3.send({ method: "PUT", path: "/other", body }))).toBe("NotImplemented");
  expect((await s3.send({ method: "HEAD", path: "/other" })).status).toBe(404);
});
