import { describe, expect, test } from "vitest";
import {
  type Asked,
  bytesOf,
  fault,
  scriptedConfig,
  scriptedS3,
  xml,
} from "../../test/scripted-s3.ts";
import { s3Client } from "./client.ts";

const PART = 1_000;
const options = { partSize: PART, concurrency: 3 };

async function* streamOf(bytes: Uint8Array, chunk = 333) {
  for (let at = 0; at < bytes.byteLength; at += chunk) yield bytes.subarray(at, at + chunk);
}

const created = xml(
  "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>",
);
const completed = xml(
  "<CompleteMultipartUploadResult><ETag>&quot;whole-5&quot;</ETag></CompleteMultipartUploadResult>",
);

/** What a request is for, in a word. */
function stepOf({ method, query }: Asked): string {
  if (query.has("uploads")) return "create";
  if (query.has("partNumber")) return `part ${query.get("partNumber")}`;
  if (!query.has("uploadId")) return "put";
  return method === "DELETE" ? "abort" : "complete";
}

function multipart(asked: Asked) {
  const step = stepOf(asked);
  if (step === "create") return created;
  if (step === "complete") return completed;
  if (step === "abort") return { status: 204 };
  return { headers: { etag: `"${step}"` } };
}

const stepsOf = (asked: readonly Asked[]) => asked.map(stepOf);

describe("put", () => {
  test("sends bytes with their checksum, type, metadata and condition", async () => {
    await using s3 = await scriptedS3(() => ({ headers: { etag: `"v1"` } }));
    const put = await s3.store().put("a b/c", new TextEncoder().encode("hello"), {
      contentType: "text/csv",
      ifNoneMatch: "*",
      metadata: { Name: "é" },
    });
    expect(put).toEqual({ etag: `"v1"` });
    const [asked] = s3.asked;
    expect(asked?.path).toBe("/bucket/a%20b/c");
    expect(asked?.headers).toMatchObject({
      "content-type": "text/csv",
      "if-none-match": "*",
      "x-amz-meta-name": "UTF-8''%C3%A9",
      // CRC-32 of "hello" is 3610A686.
      "x-amz-checksum-crc32": "NhCmhg==",
    });
  });

  test("sends a stream that fits one part in one request", async () => {
    await using s3 = await scriptedS3(() => ({ headers: { etag: `"v1"` } }));
    const bytes = bytesOf(PART);
    await s3.store(options).put("a", streamOf(bytes));
    expect(stepsOf(s3.asked)).toEqual(["put"]);
    expect(s3.asked[0]?.body).toEqual(bytes);
  });

  test("sends a longer stream in parts, a bounded number at once, and names them in order", async () => {
    await using s3 = await scriptedS3(multipart);
    const bytes = bytesOf(7 * PART + 5);
    const put = await s3.store(options).put("a", streamOf(bytes), {
      contentType: "text/csv",
      ifNoneMatch: "*",
    });
    expect(put).toEqual({ etag: `"whole-5"` });
    const steps = stepsOf(s3.asked);
    expect(steps[0]).toBe("create");
    expect(steps.at(-1)).toBe("complete");
    expect(steps.slice(1, -1).toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => `part ${n}`));
    expect(s3.mostUnderWay).toBeLessThanOrEqual(3);
    for (const part of s3.asked.slice(1, -1)) {
      const first = (Number(part.query.get("partNumber")) - 1) * PART;
      expect(part.body).toEqual(bytes.slice(first, first + PART));
    }
    expect(s3.asked[0]?.headers["content-type"]).toBe("text/csv");
    expect(s3.asked.at(-1)?.headers["if-none-match"]).toBe("*");
    const named = new TextDecoder().decode(s3.asked.at(-1)?.body);
    expect([...named.matchAll(/<PartNumber>(\d)<\/PartNumber>/g)].map(([, n]) => n)).toEqual([
      "1",
      "2",
      "3",
      "4",
      "5",
      "6",
      "7",
      "8",
    ]);
    expect(named).toContain("&quot;part 8&quot;");
  });

  test.each([
    ["WHEN_SUPPORTED", "CRC32"],
    ["WHEN_REQUIRED", undefined],
  ] as const)(
    "with checksums %s begins an upload whose parts have the checksum %s",
    async (requestChecksumCalculation, algorithm) => {
      await using s3 = await scriptedS3(multipart);
      const { endpoint } = s3;
      const client = s3Client({ ...scriptedConfig, endpoint, requestChecksumCalculation });
      await s3.store({ ...options, client }).put("a", streamOf(bytesOf(2 * PART)));
      const [begun, ...rest] = s3.asked;
      client.destroy();
      expect(begun?.headers["x-amz-checksum-algorithm"]).toBe(algorithm);
      const isChecked = (asked: Asked) => asked.headers["x-amz-checksum-crc32"] !== undefined;
      const parts = rest.filter((asked) => stepOf(asked).startsWith("part"));
      expect(parts.map(isChecked)).toEqual(parts.map(() => algorithm !== undefined));
    },
  );

  test("aborts the upload when the source throws, after the parts under way", async () => {
    await using s3 = await scriptedS3(multipart);
    const failure = new RangeError("the source broke");
    const source = async function* () {
      yield* streamOf(bytesOf(5 * PART));
      throw failure;
    };
    await expect(s3.store(options).put("a", source())).rejects.toBe(failure);
    const steps = stepsOf(s3.asked);
    expect(steps[0]).toBe("create");
    expect(steps.at(-1)).toBe("abort");
    expect(steps).not.toContain("complete");
    expect(s3.asked.at(-1)?.query.get("uploadId")).toBe("u1");
  });

  for (const refused of ["create", "part 1", "part 9"]) {
    test(`closes the source when ${refused} is refused, and leaves no upload`, async () => {
      await using s3 = await scriptedS3((asked) =>
        stepOf(asked) === refused ? fault(403, "AccessDenied") : multipart(asked),
      );
      let closed = false;
      const long = async function* () {
        try {
          for (let part = 0; part < 200; part++) yield bytesOf(PART);
        } finally {
          closed = true;
        }
      };
      await expect(s3.store(options).put("a", long())).rejects.toMatchObject({
        code: "STORE_REFUSED",
        message: expect.stringMatching(/"a" in bucket bucket.*s3:PutObject on bucket\/a/),
      });
      expect(closed).toBe(true);
      expect(stepsOf(s3.asked).at(-1)).toBe(refused === "create" ? "create" : "abort");
      expect(s3.asked.length).toBeLessThan(20);
    });
  }

  test("aborts the upload when the key was taken meanwhile", async () => {
    await using s3 = await scriptedS3((asked) =>
      stepOf(asked) === "complete" ? fault(412, "PreconditionFailed") : multipart(asked),
    );
    const putting = s3.store(options).put("a", streamOf(bytesOf(2 * PART)), { ifNoneMatch: "*" });
    await expect(putting).rejects.toMatchObject({ code: "OBJECT_EXISTS" });
    expect(stepsOf(s3.asked).at(-1)).toBe("abort");
  });

  test("that was cancelled still aborts the upload", async () => {
    const stop = new AbortController();
    await using s3 = await scriptedS3((asked) => {
      if (stepOf(asked) === "part 2") stop.abort();
      return multipart(asked);
    });
    const putting = s3
      .store(options)
      .put("a", streamOf(bytesOf(9 * PART)), { signal: stop.signal });
    await expect(putting).rejects.toMatchObject({ code: "CANCELLED", isRetryable: true });
    // A part that was cut off may be read after the abort.
    expect(stepsOf(s3.asked)).toContain("abort");
    expect(stepsOf(s3.asked)).not.toContain("complete");
  });

  for (const code of ["ConditionalRequestConflict", "OperationAborted"]) {
    test(`tries again after 409 ${code}`, async () => {
      await using s3 = await scriptedS3((_, at) =>
        at < 2 ? fault(409, code) : { headers: { etag: `"v1"` } },
      );
      const bytes = bytesOf(10);
      await s3.store().put("a", bytes, { ifNoneMatch: "*" });
      expect(s3.asked.map(({ body }) => body)).toEqual([bytes, bytes, bytes]);
    });
  }

  test("is STORE_UNAVAILABLE when the conflict does not end", async () => {
    await using s3 = await scriptedS3(() => fault(409, "ConditionalRequestConflict"));
    const putting = s3.store().put("a", bytesOf(10), { ifNoneMatch: "*" });
    await expect(putting).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", isRetryable: true });
    expect(s3.asked).toHaveLength(3);
  });

  test("tries a part again after a reset and after 500", async () => {
    let faults = 0;
    await using s3 = await scriptedS3((asked) => {
      if (stepOf(asked) !== "part 2" || ++faults > 2) return multipart(asked);
      return faults === 1 ? fault(500, "InternalError") : { body: "x", cutAfter: 0 };
    });
    await s3.store(options).put("a", streamOf(bytesOf(2 * PART)));
    expect(stepsOf(s3.asked).filter((step) => step === "part 2")).toHaveLength(3);
    expect(stepsOf(s3.asked).at(-1)).toBe("complete");
  });

  test("goes in parts when bytes exceed what one request takes", async () => {
    await using s3 = await scriptedS3(multipart);
    await s3.store({ ...options, singleRequestLimit: PART }).put("a", bytesOf(PART + 1));
    expect(stepsOf(s3.asked).toSorted()).toEqual(["complete", "create", "part 1", "part 2"]);
  });
});
