import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { expect, test } from "vitest";
import { dynoxideBinary } from "../src/dynamodb/binary.ts";
import { type DynamoServer, startDynoxide } from "../src/dynamodb/index.ts";
import { isRunning, processesOf, until } from "./harness-processes.ts";

test("it answers when the promise resolves, on a port of its own", async () => {
  await using place = await temporary();
  await using first = await startDynoxide({ directory: join(place.path, "a") });
  await using second = await startDynoxide({ directory: join(place.path, "b", "deeper") });
  expect(first.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:[0-9]+$/);
  expect(second.endpoint).not.toBe(first.endpoint);
  using here = clientOf(first);
  using there = clientOf(second);
  await makeTable(here.documents);
  await put(here.documents, "1");
  await makeTable(there.documents);
  expect(await has(here.documents, "1")).toBe(true);
  expect(await has(there.documents, "1")).toBe(false);
});

test("what was acknowledged survives the server's being killed", async () => {
  await using place = await temporary();
  const ids = Array.from({ length: 20 }, (_, index) => String(index));
  {
    await using server = await startDynoxide({ directory: place.path });
    using client = clientOf(server);
    await makeTable(client.documents);
    for (const id of ids) await put(client.documents, id);
    process.kill(server.pid, "SIGKILL");
    await server.lost;
  }
  await using server = await startDynoxide({ directory: place.path });
  using client = clientOf(server);
  const kept = await Promise.all(ids.map((id) => has(client.documents, id)));
  expect(kept).toEqual(ids.map(() => true));
});

test("a server that ends by itself is noticed, and leaves nothing behind", async () => {
  await using place = await temporary();
  await using server = await startDynoxide({ directory: place.path });
  process.kill(server.pid, "SIGKILL");
  expect(await server.lost).toContain("SIGKILL");
  await until(
    "no process is left",
    async () => (await processesOf(place.path)).length === 0,
    2_000,
  );
});

test("closing ends it, open connections notwithstanding, and may be repeated", async () => {
  await using place = await temporary();
  const server = await startDynoxide({ directory: place.path });
  using client = clientOf(server);
  await makeTable(client.documents);
  await server.close();
  await server.close();
  expect(await isRunning(server.pid)).toBe(false);
  await until(
    "no process is left",
    async () => (await processesOf(place.path)).length === 0,
    2_000,
  );
});

test("it ends when its parent is killed", async () => {
  await using place = await temporary();
  const script = fileURLToPath(new URL("./dynoxide-parent.ts", import.meta.url));
  const parent = spawn(process.execPath, ["--conditions=@topline/source", script, place.path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: parent.stdout });
  const line = await new Promise<string>((resolve) => lines.once("line", resolve));
  const { pid } = JSON.parse(line) as { pid: number };
  expect(await isRunning(pid)).toBe(true);
  parent.kill("SIGKILL");
  await until("the server has ended", async () => !(await isRunning(pid)), 2_000);
  await until(
    "no process is left",
    async () => (await processesOf(place.path)).length === 0,
    2_000,
  );
});

test("a port that was asked for and is taken is a fault that names it", async () => {
  await using place = await temporary();
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.on("listening", resolve));
  const { port } = other.address() as AddressInfo;
  const message = expect.stringContaining(`Port ${port} is taken`);
  await expect(startDynoxide({ directory: place.path, port })).rejects.toMatchObject({
    code: "HARNESS_UNAVAILABLE",
    message,
  });
  other.close();
});

test("a server that cannot come up is a fault with what it wrote", async () => {
  await using place = await temporary();
  // Where the file should be.
  await mkdir(join(place.path, "dynamodb.sqlite"));
  const message = expect.stringMatching(/exit code 1.*unable to open database file/s);
  await expect(startDynoxide({ directory: place.path })).rejects.toMatchObject({
    code: "HARNESS_UNAVAILABLE",
    message,
  });
});

test("where no binary is, the fault names the choices", () => {
  const none = () => {
    throw new Error("Cannot find module");
  };
  const find = () => dynoxideBinary("darwin-arm64", none);
  expect(find).toThrow(/@dynoxide\/darwin-arm64.*linux-x64.*Java 17.*Docker/);
});

async function temporary() {
  const path = await mkdtemp(join(tmpdir(), "dynoxide-"));
  return {
    path,
    async [Symbol.asyncDispose]() {
      // None is left unless a test failed.
      for (const pid of await processesOf(path)) process.kill(pid, "SIGKILL");
      await rm(path, { recursive: true, force: true });
    },
  };
}

function clientOf({ endpoint }: DynamoServer) {
  const client = new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "topline", secretAccessKey: "topline" },
    maxAttempts: 1,
  });
  return {
    documents: DynamoDBDocumentClient.from(client),
    [Symbol.dispose]: () => client.destroy(),
  };
}

const TableName = "KEPT";

const makeTable = (client: DynamoDBDocumentClient) =>
  client.send(
    new CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );

const put = (client: DynamoDBDocumentClient, id: string) =>
  client.send(new PutCommand({ TableName, Item: { id } }));

async function has(client: DynamoDBDocumentClient, id: string): Promise<boolean> {
  const { Item } = await client.send(new GetCommand({ TableName, Key: { id } }));
  return Item !== undefined;
}
