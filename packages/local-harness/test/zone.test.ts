import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBucket, s3Client, s3ObjectStore } from "@topline/aws-adapters/s3";
import { memoryObjectStore, memoryZone } from "@topline/core/memory";
import { deltaZone } from "@topline/delta-log";
import { afterAll, beforeAll } from "vitest";
import { describeZone } from "../src/contracts/zone.ts";
import { type S3Server, startS3Server } from "../src/s3-server/index.ts";

const nothingToEnd = async () => {};

describeZone("in memory", {
  async open() {
    const zone = memoryZone();
    return { zone, another: () => zone, [Symbol.asyncDispose]: nothingToEnd };
  },
});

describeZone("Delta Lake over a store in memory", {
  async open() {
    const store = memoryObjectStore();
    const another = () => deltaZone({ store });
    return { zone: another(), another, [Symbol.asyncDispose]: nothingToEnd };
  },
});

let server: S3Server;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "topline-zone-"));
  server = await startS3Server({ directory });
});

afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

describeZone("Delta Lake over the S3 adapter on the embedded server", {
  async open() {
    const client = s3Client({
      endpoint: server.endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
      forcePathStyle: true,
    });
    const bucket = `zone-${randomUUID()}`;
    await ensureBucket(client, bucket);
    const another = () => deltaZone({ store: s3ObjectStore({ client, bucket }) });
    return {
      zone: another(),
      another,
      [Symbol.asyncDispose]: async () => client.destroy(),
    };
  },
});
