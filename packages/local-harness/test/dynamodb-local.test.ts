import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { ToplineError } from "@topline/core";
import { describe, expect, test, vi } from "vitest";
import { describeNeeding } from "../../../test/needs.ts";
import { available } from "../src/dynamodb/choice.ts";
import { type EmbeddedDynamo, startDynamoDbLocal } from "../src/dynamodb/index.ts";
import { chosenDynamo } from "../src/dynamodb/kinds.ts";
import { openHarness } from "../src/harness/index.ts";
import { isDeserted, isRunning, Place, processesOf, until } from "./harness-processes.ts";

/** Amazon's DynamoDB Local as the embedded backend's second choice. */

// Java comes up in 2 s, and on busy cores in ten.
vi.setConfig({ testTimeout: 120_000 });

const TableName = "KEPT";

function clientOf(endpoint: string) {
  const client = new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "topline", secretAccessKey: "topline" },
    maxAttempts: 1,
  });
  const documents = DynamoDBDocumentClient.from(client);
  return {
    make: () =>
      client.send(
        new CreateTableCommand({
          TableName,
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
          BillingMode: "PAY_PER_REQUEST",
        }),
      ),
    put: (id: string) => documents.send(new PutCommand({ TableName, Item: { id } })),
    async has(id: string) {
      const get = new GetCommand({ TableName, Key: { id }, ConsistentRead: true });
      return (await documents.send(get)).Item !== undefined;
    },
    [Symbol.dispose]: () => client.destroy(),
  };
}

async function temporary() {
  const path = await mkdtemp(join(tmpdir(), "dynamodb-local-"));
  return {
    path,
    async [Symbol.asyncDispose]() {
      // None is left unless a test failed.
      for (const pid of await processesOf(path)) process.kill(pid, "SIGKILL");
      await rm(path, { recursive: true, force: true });
    },
  };
}

describeNeeding(["java"], "DynamoDB Local", () => {
  test("what was acknowledged survives the server's being killed, and it ends when it is closed", async () => {
    await using place = await temporary();
    const ids = Array.from({ length: 20 }, (_, index) => String(index));
    {
      await using server = await startDynamoDbLocal({ directory: place.path });
      using client = clientOf(server.endpoint);
      await client.make();
      for (const id of ids) await client.put(id);
      process.kill(server.pid, "SIGKILL");
      expect(await server.lost).toContain("SIGKILL");
    }
    const server = await startDynamoDbLocal({ directory: place.path });
    using client = clientOf(server.endpoint);
    expect(await Promise.all(ids.map((id) => client.has(id)))).toEqual(ids.map(() => true));
    await server.close();
    await server.close();
    expect(await isRunning(server.pid)).toBe(false);
    await until("no process is left", () => isDeserted(place.path), 2_000);
  });

  test("it ends when its parent is killed", async () => {
    await using place = await temporary();
    const script = fileURLToPath(new URL("./dynamodb-local-parent.ts", import.meta.url));
    const parent = spawn(process.execPath, ["--conditions=@topline/source", script, place.path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: parent.stdout });
    const line = await new Promise<string>((resolve) => lines.once("line", resolve));
    const { pid } = JSON.parse(line) as { pid: number };
    expect(await isRunning(pid)).toBe(true);
    parent.kill("SIGKILL");
    await until("no process is left", () => isDeserted(place.path), 5_000);
  });

  test("a harness has it when it is chosen, and again where its tables lie, and nothing else there", async () => {
    await using place = await Place.make();
    const open = (dynamodb?: EmbeddedDynamo) =>
      openHarness({ stateDirectory: place.state, ...(dynamodb && { dynamodb }) });
    const refusal = (why: string) =>
      expect.objectContaining({
        code: "HARNESS_UNAVAILABLE",
        message: expect.stringContaining(why),
      });
    {
      await using harness = await open("dynamodb-local");
      using client = clientOf(harness.endpoints.dynamodb);
      await client.make();
      await client.put("x");
      const inUse = refusal("has dynamodb-local and is in use");
      await expect(open("dynoxide")).rejects.toEqual(inUse);
    }
    const itsTables = refusal("holds the tables of dynamodb-local");
    await expect(open("dynoxide")).rejects.toEqual(itsTables);
    await using harness = await open();
    using client = clientOf(harness.endpoints.dynamodb);
    expect(await client.has("x")).toBe(true);
  });
});

describe("DynamoDB Local that cannot be", () => {
  test("is a fault that names a port that is taken", async () => {
    await using place = await temporary();
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.on("listening", resolve));
    const { port } = other.address() as AddressInfo;
    await expect(startDynamoDbLocal({ directory: place.path, port })).rejects.toMatchObject({
      code: "HARNESS_UNAVAILABLE",
      message: expect.stringContaining(`Port ${port} is taken`),
    });
    other.close();
  });

  test("is a fault that asks for Java where there is none", async () => {
    await using place = await temporary();
    vi.stubEnv("JAVA_HOME", place.path);
    try {
      await expect(startDynamoDbLocal({ directory: place.path })).rejects.toMatchObject({
        code: "HARNESS_UNAVAILABLE",
        message: expect.stringMatching(/exit code 127.*needs Java 17 or later/s),
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

test("dynoxide is the first choice, DynamoDB Local the second, and without either the fault names both", () => {
  const none = (message: string) => () => {
    throw new ToplineError("HARNESS_UNAVAILABLE", message);
  };
  const look = { dynoxide: () => "a", "dynamodb-local": () => "b" };
  expect(available(look)).toBe("dynoxide");
  expect(available({ ...look, dynoxide: none("no binary") })).toBe("dynamodb-local");
  const neither = { dynoxide: none("no binary"), "dynamodb-local": none("no package") };
  expect(() => available(neither)).toThrow("no binary");
});

test.each([
  [undefined, undefined],
  ["", undefined],
  ["dynoxide", "dynoxide"],
  ["dynamodb-local", "dynamodb-local"],
])("TOPLINE_DYNAMODB=%s chooses %s", (value, chosen) => {
  expect(chosenDynamo({ TOPLINE_DYNAMODB: value })).toBe(chosen);
});

test("a TOPLINE_DYNAMODB that names neither is wrong use", () => {
  expect(() => chosenDynamo({ TOPLINE_DYNAMODB: "moto" })).toThrow(
    expect.objectContaining({ code: "USAGE", message: expect.stringContaining("dynoxide or") }),
  );
});
