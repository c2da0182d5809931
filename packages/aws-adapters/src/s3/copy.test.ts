import { describe, expect, test } from "vitest";
import { type Answer, type Asked, fault, scriptedS3, xml } from "../../test/scripted-s3.ts";

const source = (size: number): Answer => ({
  headers: {
    etag: `"v1"`,
    "content-length": size,
    "content-type": "text/csv",
    "content-encoding": "gzip",
    "x-amz-meta-kept": "UTF-8''%C3%A9",
  },
});
const copied = xml(
  "<CopyObjectResult><ETag>&quot;v2&quot;</ETag><LastModified>2024-06-25T00:00:00.000Z</LastModified></CopyObjectResult>",
);

function multipart(asked: Asked): Answer {
  if (asked.method === "HEAD") return source(25);
  if (asked.query.has("uploads")) {
    return xml(
      "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>",
    );
  }
  if (asked.method === "DELETE") return { status: 204 };
  if (asked.method === "POST") {
    return xml(
      "<CompleteMultipartUploadResult><ETag>&quot;v2-3&quot;</ETag></CompleteMultipartUploadResult>",
    );
  }
  const number = asked.query.get("partNumber");
  return xml(`<CopyPartResult><ETag>&quot;p${number}&quot;</ETag></CopyPartResult>`);
}

describe("copy", () => {
  test("names its source in a form that any key survives", async () => {
    await using s3 = await scriptedS3((asked) => (asked.method === "HEAD" ? source(5) : copied));
    const result = await s3
      .store()
      .copy("a b/+%é?#\n/c", "to", { ifSourceMatch: `"v1"`, metadata: { Name: "x" } });
    expect(result).toEqual({ etag: `"v2"` });
    expect(s3.asked.find(({ method }) => method === "PUT")?.headers).toMatchObject({
      "x-amz-copy-source": "bucket/a%20b/%2B%25%C3%A9%3F%23%0A/c",
      "x-amz-copy-source-if-match": `"v1"`,
      "x-amz-metadata-directive": "REPLACE",
      "x-amz-meta-name": "x",
      "content-type": "text/csv",
      "content-encoding": "gzip",
    });
  });

  test("tries again when S3 answers 200 and a fault in the body", async () => {
    const late = xml("<Error><Code>InternalError</Code><Message>late</Message></Error>");
    await using s3 = await scriptedS3((asked, at) => {
      if (asked.method === "HEAD") return source(5);
      return at === 1 ? late : copied;
    });
    expect(await s3.store().copy("from", "to")).toEqual({ etag: `"v2"` });
    expect(s3.asked).toHaveLength(3);
  });

  test("is STORE_UNAVAILABLE when it answers so every time", async () => {
    const late = xml("<Error><Code>InternalError</Code><Message>late</Message></Error>");
    await using s3 = await scriptedS3((asked) => (asked.method === "HEAD" ? source(5) : late));
    await expect(s3.store().copy("from", "to")).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
  });

  test("of a large object copies ranges under one ETag, and carries its headers over", async () => {
    await using s3 = await scriptedS3(multipart);
    const result = await s3.store({ singleRequestLimit: 10 }).copy("from", "to");
    expect(result).toEqual({ etag: `"v2-3"` });
    const create = s3.asked.find(({ query }) => query.has("uploads"));
    expect(create?.headers).toMatchObject({
      "content-type": "text/csv",
      "content-encoding": "gzip",
      "x-amz-meta-kept": "UTF-8''%C3%A9",
    });
    const parts = s3.asked
      .filter(({ query }) => query.has("partNumber"))
      .map(({ query, headers }) => [
        query.get("partNumber"),
        headers["x-amz-copy-source-range"],
        headers["x-amz-copy-source-if-match"],
      ]);
    expect(parts).toHaveLength(3);
    expect(parts).toEqual(
      expect.arrayContaining([
        ["1", "bytes=0-9", `"v1"`],
        ["2", "bytes=10-19", `"v1"`],
        ["3", "bytes=20-24", `"v1"`],
      ]),
    );
  });

  test("of a large object that is replaced under way is OBJECT_CHANGED, and aborts", async () => {
    await using s3 = await scriptedS3((asked) =>
      asked.query.get("partNumber") === "3" ? fault(412, "PreconditionFailed") : multipart(asked),
    );
    const copying = s3.store({ singleRequestLimit: 10 }).copy("from", "to");
    await expect(copying).rejects.toMatchObject({
      code: "OBJECT_CHANGED",
      message: expect.stringContaining(`"from"`),
    });
    expect(s3.asked.at(-1)?.method).toBe("DELETE");
  });

  test("is kept without a second look when its own ETag is the source's", async () => {
    const same = xml("<CopyObjectResult><ETag>&quot;v1&quot;</ETag></CopyObjectResult>");
    await using s3 = await scriptedS3((asked) => (asked.method === "HEAD" ? source(5) : same));
    await s3.store().copy("from", "to", { ifSourceMatch: `"v1"` });
    expect(s3.asked.map(({ method }) => method)).toEqual(["HEAD", "PUT"]);
  });

  const replacements: Record<string, Answer> = {
    replaced: { headers: { etag: `"v3"` } },
    deleted: { status: 404 },
  };
  for (const [what, later] of Object.entries(replacements)) {
    for (const [limit, size] of [
      ["one request", 100],
      ["parts", 10],
    ] as const) {
      test(`in ${limit} of a source that was ${what} unseen by the endpoint leaves none`, async () => {
        let heads = 0;
        await using s3 = await scriptedS3((asked) => {
          if (asked.method === "HEAD") return heads++ === 0 ? source(25) : later;
          if (asked.method === "DELETE") return { status: 204 };
          const isPart = asked.query.size > 1 || asked.query.has("uploads");
          return isPart || asked.method === "POST" ? multipart(asked) : copied;
        });
        const store = s3.store({ singleRequestLimit: size });
        await expect(store.copy("from", "to", { ifSourceMatch: `"v1"` })).rejects.toMatchObject({
          code: "OBJECT_CHANGED",
          message: expect.stringContaining(`"from"`),
        });
        const last = s3.asked.at(-1);
        expect([last?.method, last?.path, last?.query.size]).toEqual(["DELETE", "/bucket/to", 1]);
      });
    }
  }
});
