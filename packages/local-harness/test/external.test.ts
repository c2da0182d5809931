import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dynamoClient } from "@topline/aws-adapters/dynamodb";
import { s3Client, s3ObjectStore } from "@topline/aws-adapters/s3";
import type { TableSpec } from "@topline/core";
import { expect, test } from "vitest";
import { describeOnBackends, type Cloud } from "../../../test/backends/index.ts";
import { type ExternalTarget, preflight, prepare } from "../src/external/index.ts";

/** Endpoints that are there already: looked at without a change, and made ready on demand. */

const TABLE: TableSpec = {
  name: "FIGURES",
  relation: "figures",
  sortKey: "genre",
  columns: [
    { name: "date", type: "string" },
    { name: "genre", type: "string" },
  ],
  list: ["genre"],
  orderBy: ["genre"],
  indexes: [],
};

interface Target extends ExternalTarget, Disposable {}

function targetAt({
  s3,
  dynamodb,
  region,
  credentials,
}: Pick<Cloud, "s3" | "dynamodb" | "region" | "credentials">): Target {
  const settings = { region, credentials, maxAttempts: 1 };
  const store = s3Client({ ...settings, endpoint: s3, forcePathStyle: true });
  const dynamo = dynamoClient({ ...settings, endpoint: dynamodb });
  return {
    s3: store,
    dynamo,
    bucket: `b-${randomUUID()}`,
    prefix: `p-${randomUUID()}-`,
    tables: [TABLE],
    [Symbol.dispose]() {
      store.destroy();
      dynamo.destroy();
    },
  };
}

describeOnBackends("external preflight", (_row, cloud) => {
  test("tells all that is missing, and makes nothing", async () => {
    using target = targetAt(cloud());
    const { bucket, prefix } = target;
    for (let look = 0; look < 2; look++) {
      const found = await preflight(target);
      expect(found.map(({ name, met }) => [name, met])).toEqual([
        [`bucket ${bucket}`, false],
        [`table ${prefix}FIGURES`, false],
        [`table ${prefix}PIPELINE_RUNS`, false],
      ]);
      for (const { remedy } of found) expect(remedy).toContain("There is no ");
    }
  });

  test("makes all of it when told to, once, and leaves no object behind", async () => {
    using target = targetAt(cloud());
    for (let turn = 0; turn < 2; turn++) {
      const found = await prepare(target);
      expect(found.filter(({ met }) => !met)).toEqual([]);
      expect(found.map(({ name }) => name)).toContain("put-if-absent");
      expect(found.map(({ name }) => name)).toContain("conditional delete");
    }
    expect((await preflight(target)).filter(({ met }) => !met)).toEqual([]);
    const store = s3ObjectStore({ client: target.s3, bucket: target.bucket });
    const { etag } = await store.put("raw-data/users.csv", new TextEncoder().encode("user_id"));
    await store.delete("raw-data/users.csv", { ifMatch: etag });
    expect(await store.head("raw-data/users.csv")).toBeUndefined();
  });
});

/** An S3 to which everything is well, whatever the conditions; or one that answers nothing but a fault. */
async function endpointAnswering(status: number) {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      response.writeHead(status, { etag: '"11111111111111111111111111111111"' });
      response.end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    cloud: {
      s3: endpoint,
      dynamodb: endpoint,
      region: "eu-west-1",
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("an S3 that overlooks conditions is found out", async () => {
  await using s3 = await endpointAnswering(200);
  await using dynamodb = await endpointAnswering(403);
  using target = targetAt({ ...s3.cloud, dynamodb: dynamodb.cloud.dynamodb });
  const found = await prepare(target);
  const conditions = found.filter(({ name }) => /put-if-absent|conditional delete/.test(name));
  expect(conditions).toHaveLength(2);
  for (const { met, remedy } of conditions) {
    expect(met).toBe(false);
    expect(remedy).toContain("overlooks");
  }
});

test("services that refuse are told with their reason", async () => {
  await using endpoint = await endpointAnswering(403);
  using target = targetAt(endpoint.cloud);
  const found = await preflight(target);
  expect(found.map(({ met }) => met)).toEqual([false, false]);
  expect(found[0]?.remedy).toMatch(/403/);
  expect(found.map(({ is_retryable }) => is_retryable)).toEqual([false, false]);
});

test.each(["preflight", "prepare"])(
  "for %s services that are busy are worth another look",
  async (name) => {
    await using endpoint = await endpointAnswering(503);
    using target = targetAt(endpoint.cloud);
    const found = await (name === "preflight" ? preflight : prepare)(target);
    expect(found.map(({ met, is_retryable }) => [met, is_retryable])).toEqual([
      [false, true],
      [false, true],
    ]);
  },
);
