import { exec } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { ToplineError } from "@topline/core";
import { expect, test } from "vitest";
import { describeNeeding } from "../../../test/needs.ts";
import { findDocker } from "../src/containers/docker.ts";
import { DYNAMODB_LOCAL, type Emulator, LOCALSTACK } from "../src/containers/emulators.ts";
import {
  removalOf,
  startContainers,
  type StartContainersOptions,
} from "../src/containers/index.ts";
import { startEmulators } from "../src/containers/start.ts";
import { isVolume, look, volumesOf } from "./containers-seen.ts";

/** Containers by themselves. */

const settings = { region: "us-east-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } };

async function faultOf(starting: Promise<AsyncDisposable>): Promise<ToplineError> {
  try {
    await (await starting)[Symbol.asyncDispose]();
  } catch (error) {
    if (ToplineError.is(error)) return error;
    throw error;
  }
  throw new Error("Expected a fault, but the containers started");
}

const run = promisify(exec);

/** Nobody else's. */
const anOwner = () => `test-${crypto.randomUUID()}`;

async function startOthers(
  emulators: { readonly s3?: Partial<Emulator>; readonly dynamodb?: Partial<Emulator> },
  options: StartContainersOptions,
) {
  const s3 = { ...LOCALSTACK, ...emulators.s3 };
  const dynamodb = { ...DYNAMODB_LOCAL, ...emulators.dynamodb };
  return startEmulators(await findDocker(), { s3, dynamodb }, options);
}

describeNeeding(["docker"], "containers", () => {
  test("answer as S3 and DynamoDB when they have started, and leave nothing when they are closed", async () => {
    const heard: string[] = [];
    const started = await startContainers({ onProgress: (message) => heard.push(message) });
    const seen = await look(started.containers.label);
    const s3 = new S3Client({ ...settings, endpoint: started.s3, forcePathStyle: true });
    const dynamo = new DynamoDBClient({ ...settings, endpoint: started.dynamodb });
    await s3.send(new CreateBucketCommand({ Bucket: "listens" }));
    const { Buckets: buckets } = await s3.send(new ListBucketsCommand({}));
    expect(buckets?.map(({ Name }) => Name)).toEqual(["listens"]);
    const key = { AttributeName: "id" };
    await dynamo.send(
      new CreateTableCommand({
        TableName: "Notes",
        AttributeDefinitions: [{ ...key, AttributeType: "S" }],
        KeySchema: [{ ...key, KeyType: "HASH" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    const elsewhere = {
      region: "eu-west-1",
      credentials: { accessKeyId: "c", secretAccessKey: "d" },
    };
    const another = new DynamoDBClient({ ...elsewhere, endpoint: started.dynamodb });
    expect((await another.send(new ListTablesCommand({}))).TableNames).toEqual(["Notes"]);
    for (const client of [s3, dynamo, another]) client.destroy();
    expect(heard).toContain("S3 is ready");
    expect(heard).toContain("DynamoDB is ready");

    expect(await seen.names()).toEqual([
      expect.stringMatching(/^topline-dynamodb-/),
      expect.stringMatching(/^topline-ryuk-/),
      expect.stringMatching(/^topline-s3-/),
    ]);
    for (const id of Object.values(await seen.ids())) {
      expect(await volumesOf(seen.docker, id)).toEqual([]);
    }
    await started.close();
    expect(await seen.names()).toEqual([]);
  });

  test("are open to this machine alone, where Docker is on it", async () => {
    await using started = await startContainers();
    const seen = await look(started.containers.label);
    for (const id of Object.values(await seen.ids())) {
      const { NetworkSettings } = await seen.docker.engine.getContainer(id).inspect();
      const bindings = Object.values(NetworkSettings.Ports).flatMap((bound) => bound ?? []);
      const addresses = bindings.map(({ HostIp }) => HostIp);
      expect(addresses).toEqual(seen.docker.isLocal ? ["127.0.0.1"] : ["0.0.0.0"]);
    }
  });

  test("take the anonymous volumes of their images along", async () => {
    const started = await startOthers({ s3: { tmpfs: {} } }, {});
    const seen = await look(started.containers.label);
    const { S3: id = "" } = await seen.ids();
    const volumes = await volumesOf(seen.docker, id);
    expect(volumes).toHaveLength(1);
    await started.close();
    expect(await isVolume(seen.docker, volumes[0] ?? "")).toBe(false);
  });

  test("tell of one that ends", async () => {
    await using started = await startContainers();
    const seen = await look(started.containers.label);
    const { DynamoDB: id = "" } = await seen.ids();
    await seen.docker.engine.getContainer(id).kill();
    expect(await started.lost).toBe("the DynamoDB container ended with exit code 137");
  });

  test("have S3 on the port that is asked for, or say that it is taken and leave nothing", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => squatter.once("listening", resolve));
    const { port } = squatter.address() as AddressInfo;
    const owner = anOwner();
    const seen = await look(`topline.harness.owner=${owner}`);
    const fault = await faultOf(startContainers({ owner, s3Port: port }));
    expect(fault.code).toBe("HARNESS_UNAVAILABLE");
    expect(fault.message).toMatch(new RegExp(`^Port ${port} is taken`));
    expect(await seen.names()).toEqual([]);
    await new Promise((resolve) => squatter.close(resolve));
    await using started = await startContainers({ owner, s3Port: port });
    expect(new URL(started.s3).port).toBe(String(port));
  });

  test("that end at once tell how, with the last of their log, and leave nothing", async () => {
    const owner = anOwner();
    const command = ["-jar", "NoSuchFile.jar"];
    const fault = await faultOf(startOthers({ dynamodb: { command } }, { owner }));
    expect(fault.code).toBe("HARNESS_UNAVAILABLE");
    expect(fault.message).toContain("The DynamoDB container (amazon/dynamodb-local:3.3.1)");
    expect(fault.message).toContain("ended with exit code 1");
    expect(fault.message).toContain("Unable to access jarfile NoSuchFile.jar");
    expect(await (await look(`topline.harness.owner=${owner}`)).names()).toEqual([]);
  });

  test("that never become healthy are given up, with the last of their log, and leave nothing", async () => {
    const owner = anOwner();
    const isReady: Emulator["isReady"] = (_endpoint, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
    const fault = await faultOf(startOthers({ dynamodb: { isReady, readyMs: 25_000 } }, { owner }));
    expect(fault.message).toContain("did not become healthy within 25 s");
    expect(fault.message).toContain("Initializing DynamoDB Local");
    expect(await (await look(`topline.harness.owner=${owner}`)).names()).toEqual([]);
  });

  test("that are given up while they start leave nothing", async () => {
    const owner = anOwner();
    const end = new AbortController();
    const reason = new Error("Ctrl-C");
    const onProgress = (message: string) => {
      if (message.startsWith("Starting")) end.abort(reason);
    };
    const starting = startContainers({ owner, signal: end.signal, onProgress });
    await expect(starting).rejects.toBe(reason);
    expect(await (await look(`topline.harness.owner=${owner}`)).names()).toEqual([]);
  });

  test("that are kept stay with what is in them, until the command that is told removes them", async () => {
    const owner = anOwner();
    const first = await startContainers({ owner, reuse: true });
    const { label } = first.containers;
    const seen = await look(label);
    try {
      expect(first.containers).toEqual({ areKept: true, label: `topline.harness.owner=${owner}` });
      const s3 = new S3Client({ ...settings, endpoint: first.s3, forcePathStyle: true });
      await s3.send(new CreateBucketCommand({ Bucket: "kept" }));
      s3.destroy();
      const ids = await seen.ids();
      expect(Object.keys(ids).toSorted()).toEqual(["DynamoDB", "S3"]);
      await first.close();
      expect(await seen.ids()).toEqual(ids);

      await using second = await startContainers({ owner });
      expect(second).toMatchObject({ s3: first.s3, dynamodb: first.dynamodb });
      expect(second.containers.areKept).toBe(true);
      const again = new S3Client({ ...settings, endpoint: second.s3, forcePathStyle: true });
      const { Buckets: buckets } = await again.send(new ListBucketsCommand({}));
      again.destroy();
      expect(buckets?.map(({ Name }) => Name)).toEqual(["kept"]);
      expect(await seen.ids()).toEqual(ids);
      await second.close();

      const port = Number(new URL(first.s3).port) === 45_000 ? 45_001 : 45_000;
      const moved = await faultOf(startContainers({ owner, s3Port: port }));
      expect(moved.message).toContain(`it is at ${first.s3}, but port ${port} was asked for`);
      expect(moved.message).toContain(`docker rm --force --volumes ${ids["S3"]?.slice(0, 12)}`);
      const newer = await faultOf(
        startOthers({ s3: { image: "localstack/localstack:9" } }, { owner }),
      );
      expect(newer.message).toContain(
        "runs localstack/localstack:4.14.0, but localstack/localstack:9",
      );
      expect(newer.message).toContain(removalOf(label));
      expect(await seen.ids()).toEqual(ids);

      await run(removalOf(label));
      expect(await seen.names()).toEqual([]);
    } finally {
      await seen.remove();
    }
  });

  test("that were kept and stopped are started again", async () => {
    const owner = anOwner();
    const first = await startContainers({ owner, reuse: true });
    const seen = await look(first.containers.label);
    try {
      await first.close();
      const ids = await seen.ids();
      await seen.docker.engine.getContainer(ids["DynamoDB"] ?? "").stop({ t: 0 });
      await using second = await startContainers({ owner });
      expect(await seen.ids()).toEqual(ids);
      const dynamo = new DynamoDBClient({ ...settings, endpoint: second.dynamodb });
      expect((await dynamo.send(new ListTablesCommand({}))).TableNames).toEqual([]);
      dynamo.destroy();
    } finally {
      await seen.remove();
    }
  });
});
