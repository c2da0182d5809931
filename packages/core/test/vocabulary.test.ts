import { Buffer } from "node:buffer";
import {
  alternateName,
  compareCodePoints,
  countSchema,
  mapConcurrently,
  newRunId,
  parseConfig,
  readInboxKey,
  sourceId,
  ToplineError,
  toFault,
  toJson,
} from "@topline/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

describe("the inbox", () => {
  test.each([
    ["raw-data/users.csv", "users", "none"],
    ["raw-data/songs.csv.gz", "songs", "gzip"],
    ["raw-data/streams.csv", "streams", "none"],
    ["raw-data/streams/2024/06/a b+c%.csv.gz", "streams", "gzip"],
  ])("%s is a file of %s, compression %s", (key, dataset, compression) => {
    expect(readInboxKey(key)).toEqual({
      dataset,
      compression,
      name: key.slice("raw-data/".length),
    });
  });

  test.each([
    "raw-data/",
    "raw-data/streams/",
    "raw-data/users.CSV",
    "raw-data/users.csv.zip",
    "raw-data/more/users.csv",
    "raw-data/streams9.csv",
    "archive/raw-data/2024-06-25/users.csv",
  ])("%s is left alone", (key) => {
    expect(readInboxKey(key)).toBeUndefined();
  });
});

test("a newcomer's name keeps its suffix", () => {
  const id = "0123456789abcdef";
  expect(alternateName("streams/a.csv", id, 8)).toBe("streams/a~01234567.csv");
  expect(alternateName("a.b.csv.gz", id, 16)).toBe("a.b~0123456789abcdef.csv.gz");
});

test("a run id tells its start to the millisecond", () => {
  const start = new Date("2024-06-25T01:02:03.004Z");
  expect(newRunId(start, "0a1b2c3d")).toBe("20240625T010203004Z-0a1b2c3d");
});

test("a source id is the beginning of a SHA-256 over key, ETag and size", () => {
  // printf 'raw-data/users.csv\n"abc"\n42' | sha256sum
  expect(sourceId("raw-data/users.csv", '"abc"', 42)).toBe("87296a858225def0");
});

test("text is ordered by code points, as its UTF-8 bytes are", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(text, text, (a, b) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareCodePoints(a, b))).toBe(expected);
    }),
  );
});

test("integers are exact in JSON, as numbers or as digits", () => {
  const integer = fc.bigInt({ min: 0n, max: 10n ** 38n - 1n });
  fc.assert(
    fc.property(integer, (value) => {
      expect(countSchema.parse(JSON.parse(toJson(value)))).toBe(value);
    }),
  );
  expect(toJson([2n ** 53n - 1n, 2n ** 53n])).toBe('[9007199254740991,"9007199254740992"]');
});

describe("faults", () => {
  test("carry whether a retry helps", () => {
    expect(toFault(new ToplineError("LEASE_HELD", "held"))).toEqual({
      code: "LEASE_HELD",
      message: "held",
      is_retryable: true,
    });
    expect(toFault(new TypeError("oops"))).toMatchObject({ code: "INTERNAL", is_retryable: false });
  });

  test.each([
    ["LEASE_HELD: another has it: until 10:00", "LEASE_HELD", "another has it: until 10:00"],
    ["topline_glue.errors.ToplineError: AUDIT_FAILED: a\nb", "AUDIT_FAILED", "a\nb"],
    [
      "Error Category: UNCLASSIFIED_ERROR; Failed Line Number: 3; ToplineError: LEASE_LOST: gone",
      "LEASE_LOST",
      "gone",
    ],
    [
      "Error Category: X; Failed Line Number: 3; STORE_UNAVAILABLE: later\n",
      "STORE_UNAVAILABLE",
      "later",
    ],
  ])("are read from what another process left: %j", (text, code, message) => {
    expect(ToplineError.parse(text)).toMatchObject({ code, message });
  });

  test.each([
    "",
    "Command failed with exit code 137",
    "ValueError: INTERNAL: of somebody else",
    "NO_SUCH_CODE: what",
    "toString: what",
    "LEASE_HELD",
  ])("of others are not read: %j", (text) => {
    expect(ToplineError.parse(text)).toBeUndefined();
  });
});

describe("a configuration", () => {
  test("has defaults", () => {
    expect(parseConfig({}, "x")).toMatchObject({ bucket: "topline", tablePrefix: "", kpis: [] });
  });

  test.each([
    [{ bucket: "A" }, "bucket"],
    [{ maxQuarantineRatio: 2 }, "maxQuarantineRatio"],
    [{ memoryLimit: "lots" }, "memoryLimit"],
    [{ frobnicate: true }, "frobnicate"],
  ])("%j is refused, naming the field", (config, field) => {
    expect(() => parseConfig(config, "here.ts")).toThrow(new RegExp(`here\\.ts.*${field}`, "s"));
  });
});

describe("mapping concurrently", () => {
  test("keeps the order and the limit", async () => {
    let under = 0;
    let most = 0;
    const results = await mapConcurrently([5, 4, 3, 2, 1], 2, async (n) => {
      most = Math.max(most, ++under);
      for (let i = 0; i < n; i++) await Promise.resolve();
      under--;
      return n * 10;
    });
    expect(results).toEqual([50, 40, 30, 20, 10]);
    expect(most).toBe(2);
  });

  test("begins nothing after a failure", async () => {
    const begun: number[] = [];
    const failing = mapConcurrently([1, 2, 3], 1, async (n) => {
      begun.push(n);
      throw new Error(`failed at ${n}`);
    });
    await expect(failing).rejects.toThrow("failed at 1");
    expect(begun).toEqual([1]);
  });
});
