import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { BUCKET, Fixture } from "../../test/s3-server-fixture.ts";

const Bucket = BUCKET;
const Key = "contested";

async function upload(client: S3Client, Body: string) {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const part = { Bucket, Key, UploadId, PartNumber: 1 };
  const { ETag } = await client.send(new UploadPartCommand({ ...part, Body }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  return new CompleteMultipartUploadCommand({
    Bucket,
    Key,
    UploadId,
    MultipartUpload,
    IfNoneMatch: "*",
  });
}

test("of puts, copies and uploads that must create a key, exactly one does, time and again", async () => {
  await using s3 = await Fixture.open();
  const client = s3.client();
  for (let round = 0; round < 5; round++) {
    const writers = await Promise.all(
      Array.from({ length: 21 }, async (_, i) => {
        const text = `writer ${i} of round ${round}`;
        if (i % 3 === 0) {
          const command = new PutObjectCommand({ Bucket, Key, Body: text, IfNoneMatch: "*" });
          return { text, write: () => client.send(command) };
        }
        if (i % 3 === 1) {
          const command = await upload(client, text);
          return { text, write: () => client.send(command) };
        }
        const source = `source ${i}`;
        await s3.put(source, text);
        const CopySource = `${Bucket}/${encodeURIComponent(source)}`;
        const command = new CopyObjectCommand({ Bucket, Key, CopySource, IfNoneMatch: "*" });
        return { text, write: () => client.send(command) };
      }),
    );
    const outcomes = await Promise.allSettled(writers.map(({ write }) => write()));
    const winners = writers.filter((_, i) => outcomes[i]?.status === "fulfilled");
    expect(winners).toHaveLength(1);
    const refusals = outcomes
      .filter((outcome) => outcome.status === "rejected")
      .map(({ reason }: { reason: Error }) => reason.name);
    expect(refusals).toEqual(Array.from({ length: 20 }, () => "PreconditionFailed"));
    expect((await s3.get(Key)).text).toBe(winners[0]?.text);
    await s3.send({ method: "DELETE", path: `/${Bucket}/${Key}` });
  }
});

test("of writers that replace what they saw, no two see the same", async () => {
  await using s3 = await Fixture.open();
  const client = s3.client();
  await s3.put(Key, "0");
  const increment = async () => {
    for (;;) {
      const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket, Key }));
      const next = String(Number(await Body?.transformToString()) + 1);
      const put = new PutObjectCommand({ Bucket, Key, Body: next, IfMatch: ETag });
      try {
        await client.send(put);
        return;
      } catch (error) {
        if ((error as Error).name !== "PreconditionFailed") throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: 10 }, increment));
  expect((await s3.get(Key)).text).toBe("10");
});

test.each(["replaced", "deleted"])(
  "a body that is being read stays as it was when its object is %s",
  async (how) => {
    await using s3 = await Fixture.open();
    const client = s3.client();
    const body = new Uint8Array(24 * 1024 * 1024).fill(65);
    await s3.put(Key, body);
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    if (how === "replaced") await s3.put(Key, "new");
    else await client.send(new DeleteObjectCommand({ Bucket, Key }));
    const read = (await Body?.transformToByteArray()) ?? new Uint8Array();
    expect(read.byteLength).toBe(body.byteLength);
    expect(read.every((byte) => byte === 65)).toBe(true);
    await s3.close();
    expect(await s3.dataFiles()).toHaveLength(how === "replaced" ? 1 : 0);
  },
);
