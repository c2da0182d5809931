import { describe, expect, test } from "vitest";
import { fault, scriptedConfig, scriptedS3 } from "../../test/scripted-s3.ts";
import { s3Client, s3ObjectStore } from "./index.ts";

const refusals = [
  [403, "AccessDenied", /s3:GetObject and s3:ListBucket on bucket\/a/],
  [403, "SignatureDoesNotMatch", /credentials/],
  [404, "NoSuchBucket", /Create bucket bucket/],
  [400, "KeyTooLongError", /1,024 bytes/],
  [501, "NotImplemented", /endpoint/],
] as const;

describe("a fault", () => {
  for (const [status, code, remedy] of refusals) {
    test(`${status} ${code} is STORE_REFUSED at once, and says what to check`, async () => {
      await using s3 = await scriptedS3(() => fault(status, code));
      await expect(s3.store().get("a")).rejects.toMatchObject({
        name: "ToplineError",
        code: "STORE_REFUSED",
        isRetryable: false,
        message: expect.stringMatching(remedy),
        cause: expect.objectContaining({ name: code }),
      });
      expect(s3.asked).toHaveLength(1);
    });
  }

  for (const [status, code] of [
    [500, "InternalError"],
    [502, "BadGateway"],
    [503, "ServiceUnavailable"],
    [400, "RequestTimeout"],
  ] as const) {
    test(`${status} ${code} is STORE_UNAVAILABLE after every attempt`, async () => {
      await using s3 = await scriptedS3(() => fault(status, code));
      await expect(s3.store().get("a")).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
        isRetryable: true,
        message: expect.stringContaining("3 attempt(s)"),
      });
      expect(s3.asked).toHaveLength(3);
    });
  }

  test("of the line is STORE_UNAVAILABLE", async () => {
    const gone = await scriptedS3(() => ({}));
    await gone[Symbol.asyncDispose]();
    const client = s3Client({ ...scriptedConfig, endpoint: gone.endpoint, maxAttempts: 2 });
    const store = s3ObjectStore({ client, bucket: "bucket" });
    const unavailable = { code: "STORE_UNAVAILABLE", isRetryable: true };
    await expect(store.head("a")).rejects.toMatchObject(unavailable);
    await expect(Array.fromAsync(store.list(""))).rejects.toMatchObject(unavailable);
    client.destroy();
  });

  test("of an endpoint that does not answer is STORE_UNAVAILABLE after the time-out", async () => {
    await using s3 = await scriptedS3(() => new Promise(() => {}));
    const client = s3Client({
      ...scriptedConfig,
      endpoint: s3.endpoint,
      requestHandler: { requestTimeout: 100, throwOnRequestTimeout: true },
      maxAttempts: 2,
    });
    const store = s3ObjectStore({ client, bucket: "bucket" });
    await expect(store.head("a")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(s3.asked).toHaveLength(2);
    client.destroy();
  });

  test("of missing credentials is STORE_REFUSED", async () => {
    const client = s3Client({
      region: "eu-west-1",
      credentials: async () => {
        throw Object.assign(new Error("none"), { name: "CredentialsProviderError" });
      },
    });
    const store = s3ObjectStore({ client, bucket: "bucket" });
    await expect(store.head("a")).rejects.toMatchObject({
      code: "STORE_REFUSED",
      message: expect.stringContaining("Give credentials"),
    });
  });
});
