import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { GetCommand, TransactGetCommand } from "@aws-sdk/lib-dynamodb";
import { createTables, dynamoClient, dynamoRunLedger } from "@topline/aws-adapters/dynamodb";
import { ensureBucket, s3Client, s3ObjectStore } from "@topline/aws-adapters/s3";
import {
  ANSWERS,
  type FaultAnswer,
  type HttpFault,
  startFaultProxy,
} from "@topline/local-harness/faults";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeObjectStore, OBJECT_STORE_CAPABILITIES } from "../src/contracts/object-store.ts";
import { contractClock, startContractDynamo } from "./contract-dynamodb.ts";
import { BUCKET, Fixture } from "./s3-server-fixture.ts";

/** Requests of the product's own adapters, by way of the proxy. */

const credentials = { accessKeyId: "topline", secretAccessKey: "topline" };
const bytes = (content: string) => new TextEncoder().encode(content);

let s3: Fixture;
let dynamo: Awaited<ReturnType<typeof startContractDynamo>>;
beforeAll(async () => {
  s3 = await Fixture.open();
  dynamo = await startContractDynamo();
});
afterAll(async () => {
  await s3[Symbol.asyncDispose]();
  await dynamo[Symbol.asyncDispose]();
});

/** A proxy, and clients of one role behind it that try `maxAttempts` times. */
async function proxied(maxAttempts = 3) {
  await using held = new AsyncDisposableStack();
  const proxy = held.use(await startFaultProxy({ s3: s3.endpoint, dynamodb: dynamo.endpoint }));
  const endpoints = await proxy.endpointsFor("worker");
  const region = "us-east-1";
  const objects = s3Client({
    endpoint: endpoints.s3,
    region,
    credentials,
    forcePathStyle: true,
    maxAttempts,
  });
  const items = dynamoClient({ endpoint: endpoints.dynamodb, region, credentials, maxAttempts });
  held.defer(() => objects.destroy());
  held.defer(() => items.destroy());
  const bucket = `b-${randomUUID()}`;
  await ensureBucket(s3.client(), bucket);
  const prefix = `p-${randomUUID()}-`;
  await createTables(dynamo.client, { prefix, tables: [] });
  const kept = held.move();
  return {
    proxy,
    items,
    runs: `${prefix}PIPELINE_RUNS`,
    store: s3ObjectStore({ client: objects, bucket }),
    ledger: dynamoRunLedger({ client: items, prefix, clock: contractClock() }),
    /** Past the proxy. */
    behind: s3ObjectStore({ client: s3.client(), bucket }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const told = (calls: readonly { service: string; action: string; resource: string }[]) =>
  calls.map(({ service, action, resource }) => `${service} ${action} ${resource}`);

const UNAVAILABLE = { code: "STORE_UNAVAILABLE", isRetryable: true };

test("every request is recorded with its operation and what it is about", async () => {
  await using world = await proxied();
  const { proxy, store, ledger, runs } = world;
  await store.put("a b/1", bytes("x"));
  await store.copy("a b/1", "a/ü");
  await text((await store.get("a/ü")).body);
  await Array.fromAsync(store.list("a"));
  await store.delete("a/ü");
  const s3Calls = proxy.calls.length;
  const lease = await ledger.acquire("me", 30);
  await ledger.release(lease);
  await Array.fromAsync(ledger.sources());
  expect(proxy.calls.every(({ role }) => role === "worker")).toBe(true);
  expect(told(proxy.calls.slice(0, s3Calls))).toEqual([
    "s3 PutObject a b/1",
    "s3 HeadObject a b/1",
    "s3 CopyObject a b/1 -> a/ü",
    "s3 GetObject a/ü",
    "s3 ListObjectsV2 a",
    "s3 DeleteObject a/ü",
  ]);
  expect(told(proxy.calls.slice(s3Calls)).toSorted()).toEqual(
    [
      `dynamodb DeleteItem ${runs} topline #lease`,
      `dynamodb GetItem ${runs} topline #fence`,
      `dynamodb GetItem ${runs} topline #lease`,
      `dynamodb Query ${runs} topline source#`,
      `dynamodb TransactWriteItems ${runs}`,
    ].toSorted(),
  );
});

describe("what passes without a fault passes unchanged", () => {
  let world: Awaited<ReturnType<typeof proxied>>;
  beforeAll(async () => {
    world = await proxied();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  describeObjectStore("S3 by way of the proxy", {
    capabilities: OBJECT_STORE_CAPABILITIES,
    async open() {
      const { s3: endpoint } = await world.proxy.endpointsFor("contract");
      const region = "us-east-1";
      const client = s3Client({ endpoint, region, credentials, forcePathStyle: true });
      const bucket = `b-${randomUUID()}`;
      await ensureBucket(client, bucket);
      const sizes = { partSize: 5 * 1024 ** 2, singleRequestLimit: 10 * 1024 ** 2 };
      return {
        store: s3ObjectStore({ client, bucket, ...sizes }),
        [Symbol.asyncDispose]: async () => client.destroy(),
      };
    },
  });
});

test("bodies in chunks with a trailer pass as they are", async () => {
  await using world = await proxied();
  const { proxy } = world;
  const { s3: endpoint } = await proxy.endpointsFor("streaming");
  const client = s3.client({ endpoint });
  const encodings: unknown[] = [];
  client.middlewareStack.add(
    (next) => async (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      encodings.push(headers["content-encoding"]);
      return next(args);
    },
    { step: "finalizeRequest", priority: "low" },
  );
  const content = "0123456789".repeat(20_000);
  const Body = Readable.from([content.slice(0, 70_000), content.slice(70_000)]);
  const object = { Bucket: BUCKET, Key: "chunked" };
  const ContentLength = content.length;
  await client.send(new PutObjectCommand({ ...object, Body, ContentLength }));
  expect(encodings).toEqual(["aws-chunked"]);
  const { Body: found } = await s3.client().send(new GetObjectCommand(object));
  expect(await found?.transformToString()).toBe(content);
});

const ofService = (service: string) => (call: { service: string }) => call.service === service;
const answering = (answer: FaultAnswer, moment: "before" | "after" = "before"): HttpFault => ({
  kind: "answer",
  moment,
  answer,
});

describe("a fault once is tried again by the client", () => {
  test.each<[string, HttpFault]>([
    ["500", answering(ANSWERS.internalError)],
    ["500 after its effect", answering(ANSWERS.internalError, "after")],
    ["SlowDown", answering(ANSWERS.slowDown)],
    ["a reset before", { kind: "reset", moment: "before" }],
    ["a reset after", { kind: "reset", moment: "after" }],
  ])("of S3: %s", async (_, fault) => {
    await using world = await proxied();
    const { proxy, store, behind } = world;
    const injection = proxy.inject({ on: ofService("s3"), fault });
    await store.put("a", bytes("x"));
    expect(injection.hits).toHaveLength(1);
    expect(told(proxy.calls)).toEqual(["s3 PutObject a", "s3 PutObject a"]);
    expect(await text((await behind.get("a")).body)).toBe("x");
  });

  test.each<[string, HttpFault]>([
    ["500", answering(ANSWERS.internalServerError)],
    ["throttling", answering(ANSWERS.throttling)],
    ["throughput exceeded", answering(ANSWERS.throughputExceeded)],
    ["a transaction's conflict", answering(ANSWERS.transactionConflict)],
    ["a reset after", { kind: "reset", moment: "after" }],
  ])("of DynamoDB: %s", async (_, fault) => {
    await using world = await proxied();
    const { proxy, ledger } = world;
    const injection = proxy.inject({
      on: ({ action }) => action === "TransactWriteItems",
      fault,
    });
    const lease = await ledger.acquire("me", 30);
    expect(injection.hits).toHaveLength(1);
    expect(await ledger.holder()).toEqual(lease);
  });
});

test("before its effect a refusal has none; after it, it has", async () => {
  await using world = await proxied(1);
  const { proxy, store, behind } = world;
  for (const moment of ["before", "after"] as const) {
    proxy.inject({ on: ofService("s3"), fault: answering(ANSWERS.slowDown, moment) });
    await expect(store.put(moment, bytes("x"))).rejects.toMatchObject(UNAVAILABLE);
  }
  expect((await Array.fromAsync(behind.list(""))).map(({ key }) => key)).toEqual(["after"]);
});

test("for ever, a fault is what the adapters call a passing one, with the answer in it", async () => {
  await using world = await proxied(2);
  const { proxy, store, ledger } = world;
  const always = { times: Number.POSITIVE_INFINITY };
  proxy.inject({ on: ofService("s3"), fault: answering(ANSWERS.slowDown), ...always });
  proxy.inject({ on: ofService("dynamodb"), fault: answering(ANSWERS.throttling), ...always });
  await expect(store.head("a")).rejects.toMatchObject(UNAVAILABLE);
  await expect(store.get("a")).rejects.toMatchObject({
    ...UNAVAILABLE,
    message: expect.stringContaining("SlowDown: Injected fault"),
  });
  await expect(ledger.holder()).rejects.toMatchObject({
    ...UNAVAILABLE,
    message: expect.stringContaining("ThrottlingException: Injected fault"),
  });
});

test("of a cancelled transaction each action has its reason", async () => {
  await using world = await proxied(1);
  const { proxy, items, runs } = world;
  proxy.inject({ on: 1, fault: answering(ANSWERS.transactionConflict) });
  const Get = { TableName: runs, Key: { pipeline: "p", id: "i" } };
  const sent = items.send(new TransactGetCommand({ TransactItems: [{ Get }, { Get }] }));
  await expect(sent).rejects.toMatchObject({
    name: "TransactionCanceledException",
    CancellationReasons: [{ Code: "TransactionConflict" }, { Code: "None" }],
  });
});

describe("a body", () => {
  const content = "0123456789".repeat(1000);

  test("that breaks in the middle is gone on with by the adapter", async () => {
    await using world = await proxied();
    const { proxy, store, behind } = world;
    await behind.put("a", bytes(content));
    const fault = { kind: "break-body", after: 4_321 } as const;
    const injection = proxy.inject({ on: ofService("s3"), fault });
    expect(await text((await store.get("a")).body)).toBe(content);
    expect(injection.hits).toHaveLength(1);
    expect(told(proxy.calls)).toEqual(["s3 GetObject a", "s3 GetObject a"]);
  });

  test("comes with a byte that is another", async () => {
    await using world = await proxied();
    const { proxy, store, behind } = world;
    await behind.put("a", bytes(content));
    proxy.inject({ on: ofService("s3"), fault: { kind: "corrupt-body", at: 5_000 } });
    const found = (await Array.fromAsync((await store.get("a")).body)).flatMap((chunk) =>
      Array.from(chunk),
    );
    const differing = bytes(content).findIndex((byte, at) => byte !== found[at]);
    expect([found.length, differing]).toEqual([content.length, 5_000]);
  });
});

test("a call that is held stands until it is let go, while others pass", async () => {
  await using world = await proxied();
  const { proxy, store, behind } = world;
  const { promise: until, resolve: letGo } = Promise.withResolvers<void>();
  const injection = proxy.inject({
    on: ({ resource }) => resource === "held",
    fault: { kind: "hold", moment: "before", until },
  });
  const held = store.put("held", bytes("x"));
  expect(await injection.reached).toMatchObject({ action: "PutObject", occurrence: 1 });
  await store.put("other", bytes("x"));
  expect(await behind.head("held")).toBeUndefined();
  letGo();
  await held;
  expect(await behind.head("held")).toBeDefined();
});

test("a delay is one of real time", async () => {
  await using world = await proxied();
  const { proxy, store } = world;
  proxy.inject({ on: 1, fault: { kind: "delay", ms: 150 } });
  const began = performance.now();
  await store.put("a", bytes("x"));
  expect(performance.now() - began).toBeGreaterThanOrEqual(149);
});

test.each(["before", "after"] as const)(
  "a crash just %s a request cuts this client off, and no other",
  async (moment) => {
    await using world = await proxied(2);
    const { proxy, store, ledger, items, runs, behind } = world;
    await ledger.holder();
    proxy.inject({ on: ofService("s3"), fault: { kind: "crash", moment } });
    await expect(store.put("a", bytes("x"))).rejects.toMatchObject(UNAVAILABLE);
    expect((await behind.head("a")) !== undefined).toBe(moment === "after");
    const recorded = proxy.calls.length;
    await expect(store.put("b", bytes("x"))).rejects.toMatchObject(UNAVAILABLE);
    await expect(
      items.send(new GetCommand({ TableName: runs, Key: { pipeline: "p", id: "i" } })),
    ).rejects.toThrow(/ECONNRESET|hang up/);
    expect(proxy.calls).toHaveLength(recorded);

    const other = await proxy.endpointsFor("another");
    const client = dynamoClient({
      endpoint: other.dynamodb,
      region: "us-east-1",
      credentials,
      maxAttempts: 1,
    });
    await client.send(new GetCommand({ TableName: runs, Key: { pipeline: "p", id: "i" } }));
    client.destroy();
    expect(proxy.calls.at(-1)).toMatchObject({ role: "another", action: "GetItem" });
  },
);

test("endpoints that it cannot forward to are refused", async () => {
  await expect(startFaultProxy({ s3: "https://s3.example" })).rejects.toMatchObject({
    code: "USAGE",
  });
});
