import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBucket, s3Client, s3ObjectStore } from "@topline/aws-adapters/s3";
import type { ObjectStore } from "@topline/core";
import { memoryObjectStore } from "@topline/core/memory";
import { afterAll, beforeAll } from "vitest";
import {
  describeObjectStore,
  type ObjectStoreCapability,
  type OpenObjectStore,
} from "../src/contracts/object-store.ts";
import { type S3Server, startS3Server } from "../src/s3-server/index.ts";

const everything: readonly ObjectStoreCapability[] = [
  "conditional-put",
  "conditional-copy-source",
  "conditional-delete",
];

describeObjectStore("in memory", {
  capabilities: everything,
  open: async () => opened(memoryObjectStore()),
});

describeObjectStore("in memory, overlooking what a backend may overlook", {
  capabilities: [],
  open: async () => {
    const store = memoryObjectStore();
    return opened({
      ...store,
      put: (key, body, { ifNoneMatch: _overlooked, ...options } = {}) =>
        store.put(key, body, options),
    });
  },
});

describeObjectStore("S3 adapter on the embedded server", {
  capabilities: everything,
  open: openBucket,
});

function opened(store: ObjectStore): OpenObjectStore {
  return { store, [Symbol.asyncDispose]: async () => {} };
}

let server: S3Server;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "topline-object-store-"));
  server = await startS3Server({ directory });
});

afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

const mebibytes = (count: number) => count * 1024 ** 2;

/** A bucket of its own on the embedded server, for one test. */
async function openBucket(): Promise<OpenObjectStore> {
  const client = s3Client({
    endpoint: server.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    forcePathStyle: true,
  });
  const bucket = `bucket-${randomUUID()}`;
  await ensureBucket(client, bucket);
  const store = s3ObjectStore({
    client,
    bucket,
    partSize: mebibytes(5),
    singleRequestLimit: mebibytes(10),
  });
  return { store, [Symbol.asyncDispose]: async () => client.destroy() };
}
