import { describe, expect, test } from "vitest";
import { fault, scriptedS3 } from "../../test/scripted-s3.ts";
import { ensureBucket } from "./bucket.ts";

describe("ensureBucket", () => {
  test("creates nothing where the bucket is there", async () => {
    await using s3 = await scriptedS3(() => ({}));
    await ensureBucket(s3.client, "bucket");
    expect(s3.asked.map(({ method }) => method)).toEqual(["HEAD"]);
  });

  test("creates it in the client's region where it is not", async () => {
    await using s3 = await scriptedS3(({ method }) => (method === "HEAD" ? { status: 404 } : {}));
    await ensureBucket(s3.client, "bucket");
    expect(s3.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "HEAD /bucket/",
      "PUT /bucket/",
    ]);
    expect(new TextDecoder().decode(s3.asked[1]?.body)).toContain("eu-west-1");
  });

  test("is content when another created it meanwhile", async () => {
    await using s3 = await scriptedS3(({ method }) =>
      method === "HEAD" ? { status: 404 } : fault(409, "BucketAlreadyOwnedByYou"),
    );
    await expect(ensureBucket(s3.client, "bucket")).resolves.toBeUndefined();
  });

  test("is STORE_REFUSED where the name is somebody else's", async () => {
    await using forbidden = await scriptedS3(() => ({ status: 403 }));
    const refused = { code: "STORE_REFUSED", isRetryable: false };
    await expect(ensureBucket(forbidden.client, "bucket")).rejects.toMatchObject(refused);
    await using taken = await scriptedS3(({ method }) =>
      method === "HEAD" ? { status: 404 } : fault(409, "BucketAlreadyExists"),
    );
    await expect(ensureBucket(taken.client, "bucket")).rejects.toMatchObject(refused);
  });
});
