import { mkdir } from "node:fs/promises";
import process from "node:process";
import {
  GetBucketVersioningCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { s3ObjectStore } from "@topline/aws-adapters/s3";
import { expect, test } from "vitest";
import { describeNeeding } from "../../../test/needs.ts";
import { ownerOf } from "../src/containers/labels.ts";
import { startContainers } from "../src/containers/index.ts";
import {
  openHarness,
  type HarnessEndpoints,
  type OpenHarnessOptions,
} from "../src/harness/index.ts";
import { look, type Seen } from "./containers-seen.ts";
import { hasEnded, isRunning, Place, until } from "./harness-processes.ts";

/** A harness whose parts are containers. */

const options = { backend: "containers" } as const;
/** Two containers are removed within this time. */
const GONE_MS = 8_000;
/** Ryuk waits for 10 s whether somebody comes back. */
const REAPED_MS = 30_000;

async function placeSeen(): Promise<{ place: Place; seen: Seen }> {
  const place = await Place.make();
  await mkdir(place.state);
  return { place, seen: await look(`topline.harness.owner=${await ownerOf(place.state)}`) };
}

const open = (place: Place, more: Partial<OpenHarnessOptions> = {}) =>
  openHarness({ stateDirectory: place.state, ...options, ...more });

async function gone(seen: Seen, withinMs = GONE_MS): Promise<void> {
  const isGone = async () => (await seen.names()).length === 0;
  await until("the containers are gone", isGone, withinMs);
}

function clientOf({ s3, region, accessKeyId, secretAccessKey }: HarnessEndpoints): S3Client {
  const credentials = { accessKeyId, secretAccessKey };
  return new S3Client({ endpoint: s3, region, credentials, forcePathStyle: true });
}

async function keysOf(endpoints: HarnessEndpoints): Promise<string[]> {
  const client = clientOf(endpoints);
  const { bucket: Bucket } = endpoints;
  const { Contents: contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  client.destroy();
  return contents.map(({ Key: key = "" }) => key);
}

async function put(endpoints: HarnessEndpoints, key: string): Promise<void> {
  const client = clientOf(endpoints);
  await client.send(new PutObjectCommand({ Bucket: endpoints.bucket, Key: key, Body: key }));
  client.destroy();
}

describeNeeding(["docker"], "a harness of containers", () => {
  test("is shared by processes, keeps versions in its bucket, and removes all with its last user", async () => {
    const { place, seen } = await placeSeen();
    await using _ended = place;
    const harness = await open(place);
    const { endpoints } = harness;
    expect(harness.containers?.areKept).toBe(false);
    const user = place.user(undefined, { options });
    expect(await user.endpoints).toEqual(endpoints);
    expect(await seen.names()).toHaveLength(3);

    const client = clientOf(endpoints);
    const { bucket } = endpoints;
    const { Status: status } = await client.send(
      new GetBucketVersioningCommand({ Bucket: bucket }),
    );
    expect(status).toBe("Enabled");
    // LocalStack answers 501 to a delete with If-Match.
    const store = s3ObjectStore({ client, bucket });
    const { etag } = await store.put("inbox", new TextEncoder().encode("one"));
    const later = await store.put("inbox", new TextEncoder().encode("two"));
    await expect(store.delete("inbox", { ifMatch: etag })).rejects.toMatchObject({
      code: "OBJECT_CHANGED",
    });
    await store.delete("inbox", { ifMatch: later.etag });
    expect(await store.head("inbox")).toBeUndefined();
    client.destroy();

    await harness[Symbol.asyncDispose]();
    expect(await keysOf(endpoints)).toEqual([]);
    user.end();
    expect(await user.closed).toBe(0);
    await gone(seen);
  });

  test.for(["SIGKILL", "SIGINT"] as const)(
    "removes all when its one user ends by %s",
    async (signal) => {
      const { place, seen } = await placeSeen();
      await using _ended = place;
      const user = place.user(undefined, { options });
      const endpoints = await user.endpoints;
      const pid = await place.daemonPid();
      process.kill(user.pid, signal);
      await gone(seen);
      await until("the harness has ended", () => hasEnded(pid, endpoints), GONE_MS);
      expect(await seen.names()).toEqual([]);
      expect(await seen.names()).toEqual([]);
    },
  );

  test("removes all when its one user is killed while the containers start", async () => {
    const { place, seen } = await placeSeen();
    await using _ended = place;
    const user = place.user(undefined, { options });
    await until("a container is there", async () => (await seen.ids())["S3"] !== undefined, 30_000);
    user.kill();
    await gone(seen);
    expect(await seen.names()).toEqual([]);
  });

  test("can be given up while it starts, and leaves nothing", async () => {
    const { place, seen } = await placeSeen();
    await using _ended = place;
    const end = new AbortController();
    const opening = open(place, { signal: end.signal });
    opening.catch(() => {});
    await until("a container is there", async () => (await seen.ids())["S3"] !== undefined, 30_000);
    end.abort(new Error("Ctrl-C"));
    await expect(opening).rejects.toMatchObject({ code: "CANCELLED" });
    await gone(seen);
  });

  test("that is killed leaves all to Ryuk, which leaves the containers of others alone", async () => {
    await using other = await startContainers();
    const others = await look(other.containers.label);
    const { place, seen } = await placeSeen();
    await using _ended = place;
    await using harness = await open(place);
    process.kill(await place.daemonPid(), "SIGKILL");
    const fault = await harness.lost;
    expect(fault.message).toContain("the state went with its containers");
    expect(await seen.names()).toHaveLength(3);
    await gone(seen, REAPED_MS);
    expect(await others.names()).toHaveLength(3);
    expect(await fetch(other.dynamodb).then(() => "answers")).toBe("answers");
  });

  test("that is killed is followed by the next at once, on the same port, with nothing of the dead", async () => {
    const { place, seen } = await placeSeen();
    await using _ended = place;
    await using first = await open(place);
    await put(first.endpoints, "lost");
    const s3Port = Number(new URL(first.endpoints.s3).port);
    const dead = await seen.ids();
    process.kill(await place.daemonPid(), "SIGKILL");
    await using second = await open(place, { s3Port });
    expect(new URL(second.endpoints.s3).port).toBe(String(s3Port));
    expect(await keysOf(second.endpoints)).toEqual([]);
    const alive = Object.values(await seen.ids());
    expect(alive).toHaveLength(3);
    expect(Object.values(dead).filter((id) => alive.includes(id))).toEqual([]);
  });

  test("that loses a container ends, and removes the other", async () => {
    const { place, seen } = await placeSeen();
    await using _ended = place;
    await using harness = await open(place);
    const { S3: id = "" } = await seen.ids();
    await seen.docker.engine.getContainer(id).kill();
    expect((await harness.lost).code).toBe("HARNESS_UNAVAILABLE");
    await gone(seen);
  });

  test("that keeps its containers is taken up with their state, however it ended", async () => {
    const { place, seen } = await placeSeen();
    await using _ended = place;
    try {
      const env = { TESTCONTAINERS_REUSE_ENABLE: "true" };
      const user = place.user(undefined, { options, env });
      const before = await user.endpoints;
      await put(before, "kept");
      const ids = await seen.ids();
      expect(Object.keys(ids).toSorted()).toEqual(["DynamoDB", "S3"]);
      const pid = await place.daemonPid();
      process.kill(pid, "SIGKILL");
      user.kill();
      await until("the harness has ended", async () => !(await isRunning(pid)), GONE_MS);

      await using harness = await open(place);
      // Glue and Lambda are no containers: they end with the harness, and come with the next.
      const { glue, lambda } = harness.endpoints;
      expect(harness.endpoints).toEqual({ ...before, glue, lambda });
      expect(harness.containers?.areKept).toBe(true);
      expect(await keysOf(harness.endpoints)).toEqual(["kept"]);
      expect(await seen.ids()).toEqual(ids);
    } finally {
      await seen.remove();
    }
  });
});
