import { mkdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { runExample } from "../../../test/example.ts";
import { openHarness, type HarnessEndpoints } from "../src/harness/index.ts";
import { childrenOf, END_MS, hasEnded, isRunning, Place, until } from "./harness-processes.ts";

/** The real parts: what a command gets. */

function clients({ s3, dynamodb, region, accessKeyId, secretAccessKey }: HarnessEndpoints) {
  const settings = { region, credentials: { accessKeyId, secretAccessKey } };
  const store = new S3Client({ ...settings, endpoint: s3, forcePathStyle: true });
  const tables = new DynamoDBClient({ ...settings, endpoint: dynamodb });
  return {
    store,
    tables,
    [Symbol.dispose]() {
      store.destroy();
      tables.destroy();
    },
  };
}

async function remember(endpoints: HarnessEndpoints, text: string): Promise<void> {
  using aws = clients(endpoints);
  const { bucket } = endpoints;
  await aws.store.send(new PutObjectCommand({ Bucket: bucket, Key: "a/b", Body: text }));
  await aws.tables.send(
    new CreateTableCommand({
      TableName: "Notes",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  const item = { id: { S: "x" }, text: { S: text } };
  await aws.tables.send(new PutItemCommand({ TableName: "Notes", Item: item }));
}

async function recall(endpoints: HarnessEndpoints): Promise<(string | undefined)[]> {
  using aws = clients(endpoints);
  const get = new GetObjectCommand({ Bucket: endpoints.bucket, Key: "a/b" });
  const { Body: body } = await aws.store.send(get);
  const key = { id: { S: "x" } };
  const { Item: item } = await aws.tables.send(
    new GetItemCommand({ TableName: "Notes", Key: key }),
  );
  return [await body?.transformToString(), item?.["text"]?.S];
}

test("all ends with a user that is killed, and the state is there for the next", async () => {
  await using place = await Place.make();
  const user = place.user(undefined);
  const endpoints = await user.endpoints;
  const pid = await place.daemonPid();
  const children = await childrenOf(pid);
  expect(children.length).toBeGreaterThan(0);
  await remember(endpoints, "kept");
  user.kill();
  await until("the harness has ended", () => hasEnded(pid, endpoints), END_MS);
  for (const child of children) expect(await isRunning(child)).toBe(false);
  await using harness = await openHarness({ stateDirectory: place.state });
  expect(await recall(harness.endpoints)).toEqual(["kept", "kept"]);
});

test("a killed harness takes its children along, and the next has its state", async () => {
  await using place = await Place.make();
  await using first = await openHarness({ stateDirectory: place.state });
  await remember(first.endpoints, "kept");
  const pid = await place.daemonPid();
  const children = await childrenOf(pid);
  expect(children.length).toBeGreaterThan(0);
  process.kill(pid, "SIGKILL");
  await using second = await openHarness({ stateDirectory: place.state });
  expect(await recall(second.endpoints)).toEqual(["kept", "kept"]);
  const fault = await first.lost;
  expect(fault.code).toBe("HARNESS_UNAVAILABLE");
  const haveEnded = async () => (await Promise.all(children.map(isRunning))).every((is) => !is);
  await until("its children have ended", haveEnded, END_MS);
});

// What a process runs is told by `/proc`, where there is such a thing.
test.runIf(process.platform === "linux")(
  "the harness runs on the runtime of whoever started it",
  async () => {
    await using place = await Place.make();
    await using _harness = await openHarness({ stateDirectory: place.state });
    expect(await readlink(`/proc/${await place.daemonPid()}/exe`)).toBe(process.execPath);
  },
);

test.each([
  ["s3", "hello\n"],
  ["lambda", '"hello listener"\n'],
])("the example of the README for %s says hello", async (endpoint, said) => {
  await using place = await Place.make("example");
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const examples = [...readme.matchAll(/```ts\n([^`]+)```/g)].map(([, code]) => code ?? "");
  const example = examples.find((code) => code.includes(`const { ${endpoint}, `)) ?? "";
  const modules = join(place.state, "node_modules");
  await mkdir(join(modules, "@topline"), { recursive: true });
  const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  await symlink(folder("../node_modules/@aws-sdk"), join(modules, "@aws-sdk"));
  await symlink(folder("../"), join(modules, "@topline/local-harness"));
  // Without it, Deno does not look for packages there.
  await writeFile(join(place.state, "package.json"), "{}");
  expect(await runExample(example, { folder: place.state })).toBe(said);
});
