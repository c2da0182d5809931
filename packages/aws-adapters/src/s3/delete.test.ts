import { describe, expect, test } from "vitest";
import { fault, scriptedS3 } from "../../test/scripted-s3.ts";

describe("delete", () => {
  test("is under the ETag, and done when a lost answer is asked for again", async () => {
    await using s3 = await scriptedS3((_, at) =>
      at === 0 ? { body: "x", cutAfter: 0 } : fault(404, "NoSuchKey"),
    );
    await s3.store().delete("a", { ifMatch: `"v1"` });
    expect(s3.asked.map(({ headers }) => headers["if-match"])).toEqual([`"v1"`, `"v1"`]);
  });

  test("where the endpoint knows no conditions says what to set", async () => {
    await using s3 = await scriptedS3(() => fault(501, "NotImplemented"));
    await expect(s3.store().delete("a", { ifMatch: `"v1"` })).rejects.toMatchObject({
      code: "STORE_REFUSED",
      isRetryable: false,
      message: expect.stringContaining("conditionalDelete to false"),
    });
    expect(s3.asked).toHaveLength(1);
  });

  test("without conditions compares first, and leaves what was replaced", async () => {
    await using s3 = await scriptedS3(({ method, path }) => {
      if (method === "DELETE") return { status: 204 };
      return path === "/bucket/gone" ? { status: 404 } : { headers: { etag: `"v2"` } };
    });
    const store = s3.store({ conditionalDelete: false });
    await expect(store.delete("a", { ifMatch: `"v1"` })).rejects.toMatchObject({
      code: "OBJECT_CHANGED",
    });
    await store.delete("gone", { ifMatch: `"v1"` });
    expect(s3.asked.map(({ method }) => method)).toEqual(["HEAD", "HEAD"]);
    await store.delete("a", { ifMatch: `"v2"` });
    await store.delete("b");
    expect(s3.asked.slice(2).map(({ method }) => method)).toEqual(["HEAD", "DELETE", "DELETE"]);
    expect(s3.asked.filter(({ headers }) => headers["if-match"] !== undefined)).toEqual([]);
  });
});
