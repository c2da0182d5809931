import { describe, expect, test } from "vitest";
import { fault, scriptedS3, xml } from "../../test/scripted-s3.ts";

describe("delete", () => {
  test("is under the ETag, and done when a lost answer is asked for again", async () => {
    await using s3 = await scriptedS3((_, at) =>
      at === 0 ? { body: "x", cutAfter: 0 } : fault(404, "NoSuchKey"),
    );
    await s3.store().delete("a", { ifMatch: `"v1"` });
    expect(s3.asked.map(({ headers }) => headers["if-match"])).toEqual([`"v1"`, `"v1"`]);
  });

  describe("where the endpoint knows no conditions on deletes", () => {
    test("removes the version that has the ETag, after those below it", async () => {
      await using s3 = await versionedS3(["old", "expected"]);
      await s3.store.delete("a", { ifMatch: `"expected"` });
      expect(s3.deleted).toEqual(["old", "expected"]);
    });

    test("leaves what was replaced", async () => {
      await using s3 = await versionedS3(["expected", "newer"]);
      await expect(s3.store.delete("a", { ifMatch: `"expected"` })).rejects.toMatchObject({
        code: "OBJECT_CHANGED",
      });
      expect(s3.deleted).toEqual([]);
    });

    test("leaves what replaces the object once it has been looked at", async () => {
      await using s3 = await versionedS3(["old", "expected"], { arrivingAfterHead: "newer" });
      await s3.store.delete("a", { ifMatch: `"expected"` });
      expect(s3.versions).toEqual(["newer"]);
    });

    test("looks again when the object was put anew since its versions were listed", async () => {
      await using s3 = await versionedS3(["old"], { arrivingAfterList: "expected" });
      await s3.store.delete("a", { ifMatch: `"expected"` });
      expect(s3.versions).toEqual([]);
    });

    test("of what is not there is done", async () => {
      await using s3 = await versionedS3([]);
      await s3.store.delete("a", { ifMatch: `"expected"` });
      expect(s3.deleted).toEqual([]);
    });

    test("finds the versions of a key that XML cannot hold", async () => {
      const key = "a\r+ ü";
      await using s3 = await versionedS3(["old", "expected"], { key });
      await s3.store.delete(key, { ifMatch: `"expected"` });
      expect(s3.versions).toEqual([]);
    });

    test("deletes nothing from a bucket that keeps no versions, and says what to do", async () => {
      await using s3 = await versionedS3(["expected"], { versioned: false });
      await expect(s3.store.delete("a", { ifMatch: `"expected"` })).rejects.toMatchObject({
        code: "STORE_REFUSED",
        isRetryable: false,
        message: expect.stringContaining("Enable versioning"),
      });
      expect(s3.versions).toEqual(["expected"]);
    });
  });
});

interface Versions {
  readonly key?: string;
  readonly versioned?: boolean;
  /** Becomes the newest version once the object's head, or the list of its versions, has been sent. */
  readonly arrivingAfterHead?: string;
  readonly arrivingAfterList?: string;
}

/** An S3 with one key, whose versions have their ETags for ids, oldest first; other keys begin with it. */
async function versionedS3(initial: readonly string[], options: Versions = {}) {
  const { key = "a", versioned = true, arrivingAfterHead, arrivingAfterList } = options;
  const versions = [...initial];
  const deleted: string[] = [];
  let [afterHead, afterList] = [arrivingAfterHead, arrivingAfterList];
  const server = await scriptedS3(({ method, query, headers }) => {
    if (method === "DELETE") {
      if (headers["if-match"] !== undefined) return fault(501, "NotImplemented");
      const id = query.get("versionId") ?? "";
      deleted.push(id);
      versions.splice(versions.indexOf(id), 1);
      return { status: 204 };
    }
    if (method === "HEAD") {
      const newest = versions.at(-1);
      if (afterHead !== undefined) versions.push(afterHead);
      afterHead = undefined;
      if (newest === undefined) return { status: 404 };
      return {
        headers: {
          etag: `"${newest}"`,
          ...(versioned ? { "x-amz-version-id": newest } : {}),
        },
      };
    }
    const encoding = query.get("encoding-type") ?? "";
    const keyed = encoding === "url" ? encodeURIComponent(key).replaceAll("%20", "+") : key;
    const listed = versions
      .map((id) => `<Version><Key>${keyed}</Key><VersionId>${id}</VersionId></Version>`)
      .join("");
    if (afterList !== undefined) versions.push(afterList);
    afterList = undefined;
    return xml(
      `<ListVersionsResult><EncodingType>${encoding}</EncodingType><IsTruncated>true</IsTruncated>${listed}<Version><Key>${keyed}b</Key><VersionId>other</VersionId></Version></ListVersionsResult>`,
    );
  });
  return {
    store: server.store(),
    versions,
    deleted,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
