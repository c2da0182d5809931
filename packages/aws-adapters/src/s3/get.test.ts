import { describe, expect, test } from "vitest";
import { type Asked, bytesOf, fault, ranged, scriptedS3 } from "../../test/scripted-s3.ts";

const KiB = 1024;
const PART = 256 * KiB;
const bytes = bytesOf(5 * PART + 77);
const options = { partSize: PART, concurrency: 3 };

async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(
    await new Blob(await Array.fromAsync(body, (c) => c.slice())).arrayBuffer(),
  );
}

const same = (found: Uint8Array, expected: Uint8Array) =>
  found.byteLength === expected.byteLength && found.every((byte, at) => byte === expected[at]);

const rangesOf = (asked: readonly Asked[]) => asked.map(({ headers }) => headers.range);

describe("get", () => {
  test("asks once for an object that fits one part", async () => {
    await using s3 = await scriptedS3((asked) => ranged(asked, bytes.subarray(0, PART)));
    const { body, size } = await s3.store(options).get("a");
    expect(size).toBe(PART);
    expect(same(await collect(body), bytes.subarray(0, PART))).toBe(true);
    expect(rangesOf(s3.asked)).toEqual([`bytes=0-${PART - 1}`]);
  });

  test("asks for the parts of a large one side by side, each once, under the first ETag", async () => {
    await using s3 = await scriptedS3((asked) => ranged(asked, bytes));
    const { body } = await s3.store(options).get("a");
    expect(same(await collect(body), bytes)).toBe(true);
    expect(s3.asked).toHaveLength(6);
    expect(rangesOf(s3.asked)).toEqual(
      expect.arrayContaining([
        `bytes=0-${PART - 1}`,
        `bytes=${PART}-${2 * PART - 1}`,
        `bytes=${2 * PART}-${3 * PART - 1}`,
        `bytes=${3 * PART}-${4 * PART - 1}`,
        `bytes=${4 * PART}-${5 * PART - 1}`,
        `bytes=${5 * PART}-${5 * PART + 76}`,
      ]),
    );
    const conditions = s3.asked.slice(1).map(({ headers }) => headers["if-match"]);
    expect(conditions).toEqual(Array.from({ length: 5 }, () => `"v1"`));
  });

  test("fetches at most `concurrency` parts ahead of a reader that pauses", async () => {
    await using s3 = await scriptedS3((asked) => ranged(asked, bytes));
    const store = s3.store(options);
    const { body } = await store.get("a");
    const reader = body[Symbol.asyncIterator]();
    let seen = 0;
    while (seen <= PART) seen += (await reader.next()).value?.byteLength ?? Infinity;
    // What was asked for before this call has come before it.
    await store.head("b");
    expect(rangesOf(s3.asked.filter(({ method }) => method === "GET"))).toHaveLength(1 + 3);
    await reader.return?.();
  });

  test("asks for nothing more for a reader that wants the head alone", async () => {
    await using s3 = await scriptedS3((asked) => ranged(asked, bytes));
    const store = s3.store(options);
    const { body } = await store.get("a");
    const reader = body[Symbol.asyncIterator]();
    for (let seen = 0; seen < 64 * KiB;) seen += (await reader.next()).value?.byteLength ?? 0;
    await reader.next();
    await store.head("b");
    expect(s3.asked.map(({ method }) => method)).toEqual(["GET", "HEAD"]);
    await reader.return?.();
  });

  test("goes on where the first part's connection broke", async () => {
    await using s3 = await scriptedS3((asked, at) =>
      at === 0 ? { ...ranged(asked, bytes), cutAfter: 100_000 } : ranged(asked, bytes),
    );
    const { body } = await s3.store(options).get("a");
    expect(same(await collect(body), bytes)).toBe(true);
    const resumed = s3.asked.find(
      ({ headers }) => headers.range?.endsWith(`-${PART - 1}`) && headers["if-match"] === `"v1"`,
    );
    const from = Number(/bytes=(\d+)-/.exec(resumed?.headers.range ?? "")?.[1]);
    expect(from).toBeGreaterThan(0);
    expect(from).toBeLessThanOrEqual(100_000);
  });

  test("asks again for a later part whose connection broke", async () => {
    const broken = `bytes=${2 * PART}-${3 * PART - 1}`;
    let breaks = 2;
    await using s3 = await scriptedS3((asked) =>
      asked.headers.range === broken && breaks-- > 0
        ? { ...ranged(asked, bytes), cutAfter: 70_000 }
        : ranged(asked, bytes),
    );
    const { body } = await s3.store(options).get("a");
    expect(same(await collect(body), bytes)).toBe(true);
    expect(rangesOf(s3.asked).filter((range) => range === broken)).toHaveLength(3);
  });

  test("asks again for a part that came too short", async () => {
    let short = 1;
    await using s3 = await scriptedS3((asked, at) => {
      const whole = ranged(asked, bytes);
      return at > 0 && short-- > 0 ? { ...whole, body: whole.body?.slice(0, 9) ?? "" } : whole;
    });
    const { body } = await s3.store(options).get("a");
    expect(same(await collect(body), bytes)).toBe(true);
    expect(s3.asked).toHaveLength(7);
  });

  test("is STORE_UNAVAILABLE when a part breaks every time", async () => {
    await using s3 = await scriptedS3((asked, at) =>
      at === 0 ? ranged(asked, bytes) : { ...ranged(asked, bytes), cutAfter: 10 },
    );
    const { body } = await s3.store(options).get("a");
    await expect(collect(body)).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      isRetryable: true,
      message: expect.stringContaining(`"a" in bucket bucket`),
    });
  });

  test("tries again after 503 SlowDown", async () => {
    await using s3 = await scriptedS3((asked, at) =>
      at === 0 ? fault(503, "SlowDown") : ranged(asked, bytes.subarray(0, 10)),
    );
    const { body } = await s3.store(options).get("a");
    expect(await collect(body)).toEqual(bytes.slice(0, 10));
    expect(s3.asked).toHaveLength(2);
  });

  test("is OBJECT_CHANGED when the object is replaced between two parts", async () => {
    await using s3 = await scriptedS3((asked) =>
      asked.headers["if-match"] === undefined
        ? ranged(asked, bytes)
        : fault(412, "PreconditionFailed"),
    );
    const { body } = await s3.store(options).get("a");
    await expect(collect(body)).rejects.toMatchObject({ code: "OBJECT_CHANGED" });
  });

  test("ends the transfers when the reader leaves", async () => {
    const underWay = Promise.withResolvers<void>();
    await using s3 = await scriptedS3((asked, at) => {
      if (at === 2) underWay.resolve();
      return at === 0 ? ranged(asked, bytes) : { ...ranged(asked, bytes), stallAfter: 1_000 };
    });
    const { body } = await s3.store(options).get("a");
    let seen = 0;
    for await (const chunk of body) {
      seen += chunk.byteLength;
      if (seen < PART) continue;
      await underWay.promise;
      break;
    }
    // Would hang: the stalled answers end only when the client hangs up.
    await Promise.all(s3.asked.map(({ closed }) => closed));
    expect(s3.asked).toHaveLength(3);
  });

  test("refuses an endpoint that answers a range with everything", async () => {
    await using s3 = await scriptedS3(() => ({ headers: { etag: `"v1"` }, body: bytes }));
    await expect(s3.store(options).get("a")).rejects.toMatchObject({
      code: "STORE_REFUSED",
      message: expect.stringContaining("does not answer ranges"),
    });
  });
});
