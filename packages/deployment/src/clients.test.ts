import { expect, test } from "vitest";
import { clientsAt, clientsFound, regionFound } from "./clients.ts";

test("the configured region comes before those of the environment", () => {
  const env = { AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "eu-west-2" };
  expect(regionFound(env, "S3", "us-west-2")).toEqual({ region: "us-west-2" });
  expect(regionFound(env, "S3")).toEqual({ region: "eu-west-1" });
  expect(regionFound({ ...env, AWS_REGION: "" }, "S3")).toEqual({ region: "eu-west-2" });
});

test("without a region anywhere, the SDK looks for it, unless the service is not AWS's", () => {
  const env = { AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1" };
  expect(regionFound({}, "S3")).toEqual({});
  expect(regionFound(env, "DYNAMODB")).toEqual({});
  expect(regionFound(env, "S3")).toEqual({ region: "us-east-1" });
  expect(regionFound({ AWS_ENDPOINT_URL: "http://127.0.0.1:1" }, "GLUE")).toEqual({
    region: "us-east-1",
  });
});

test("an S3 is addressed by paths where it has an endpoint of its own, and only there", () => {
  using onAws = clientsFound({ AWS_REGION: "eu-west-1" });
  using elsewhere = clientsFound({ AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1" });
  expect(onAws.s3.config.forcePathStyle).toBe(false);
  expect(elsewhere.s3.config.forcePathStyle).toBe(true);
});

test("clients of one place go there, with its keys", async () => {
  using clients = clientsAt({
    s3: "http://127.0.0.1:1",
    dynamodb: "http://127.0.0.1:2",
    region: "eu-west-1",
    accessKeyId: "a",
    secretAccessKey: "b",
  });
  const [s3, dynamo] = await Promise.all([
    clients.s3.config.endpoint?.(),
    clients.dynamo.config.endpoint?.(),
  ]);
  expect([s3?.port, dynamo?.port]).toEqual([1, 2]);
  expect(await clients.s3.config.credentials()).toMatchObject({ accessKeyId: "a" });
  expect(await clients.dynamo.config.region()).toBe("eu-west-1");
});
