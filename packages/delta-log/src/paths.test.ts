import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromLogPath, toLogPath } from "./paths.ts";

describe("a path in the log", () => {
  test.each([
    ["date=2024-06-25/a-1_2.~b.parquet", "date=2024-06-25/a-1_2.~b.parquet"],
    ["a b.parquet", "a%20b.parquet"],
    ["100%.parquet", "100%25.parquet"],
    ["a%20b.parquet", "a%2520b.parquet"],
    ["a+b&c.parquet", "a%2Bb%26c.parquet"],
    ["a:b?c#d.parquet", "a%3Ab%3Fc%23d.parquet"],
    ["é.parquet", "%C3%A9.parquet"],
  ])("%s is encoded once as %s", (path, logPath) => {
    expect(toLogPath(path)).toBe(logPath);
    expect(fromLogPath(logPath)).toBe(path);
  });

  test("is encoded with characters of RFC 2396 alone, and decodes to what it was", () => {
    const ascii = fc.nat({ max: 127 }).map((code) => String.fromCodePoint(code));
    const unit = fc.oneof(ascii, fc.constantFrom("é", "日", "😀")).filter((text) => text !== "/");
    const part = fc.string({ unit, minLength: 1 });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1 }), (parts) => {
        const logPath = toLogPath(parts.join("/"));
        expect(logPath).toMatch(/^[A-Za-z0-9\-_.!~*'()%=/]+$/);
        expect(fromLogPath(logPath)).toBe(parts.join("/"));
      }),
    );
  });

  test("that others encoded otherwise decodes to the same", () => {
    expect(fromLogPath("date%3D2024-06-25/%61+é.parquet")).toBe("date=2024-06-25/a+é.parquet");
  });

  test.each(["", "/a.parquet", "s3://bucket/a.parquet", "file:/a.parquet", "a%2.parquet", "%FF"])(
    "%j is none in the table's folder",
    (logPath) => {
      expect(fromLogPath(logPath)).toBeUndefined();
    },
  );

  test("cannot hold half a character", () => {
    expect(() => toLogPath("a\uD800.parquet")).toThrow(
      expect.objectContaining({ code: "INTERNAL" }),
    );
  });
});
