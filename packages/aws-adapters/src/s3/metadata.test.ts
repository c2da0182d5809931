import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeMetadata, encodeMetadata } from "./metadata.ts";

const encoded = (value: string) => encodeMetadata({ name: value })["name"] ?? "";
const decoded = (value: string) => decodeMetadata({ name: value })["name"];

describe("metadata", () => {
  test("comes back, whatever its value is", () => {
    const values = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "grapheme" }),
      fc.string().map((text) => `UTF-8''${text}`),
    );
    fc.assert(
      fc.property(values, (value) => {
        expect(decoded(encoded(value))).toBe(value);
      }),
    );
  });

  test("travels as printable ASCII that nobody trims or decodes on the way", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        const sent = encoded(value);
        expect(sent).toMatch(/^[ -~]*$/);
        expect(sent).toBe(sent.trim());
        expect(sent).not.toContain("=?");
      }),
    );
  });

  test("goes as it is where it is plain", () => {
    for (const value of ["", "0f1e2d3c", "two words", "100%25", `a"b'c;d=e`]) {
      expect(encoded(value)).toBe(value);
      expect(decoded(value)).toBe(value);
    }
  });

  test("is an RFC 8187 value where it is not", () => {
    expect(encoded("£ rates")).toBe("UTF-8''%C2%A3%20rates");
    expect(encoded(" a")).toBe("UTF-8''%20a");
    expect(encoded("=?x")).toBe("UTF-8''%3D%3Fx");
    expect(encoded("é'()*")).toBe("UTF-8''%C3%A9%27%28%29%2A");
  });

  test("of others is left alone when it only looks encoded", () => {
    for (const value of ["UTF-8''%C3", "UTF-8''%zz", "UTF-8'en'%C3%A9", "%C3%A9"]) {
      expect(decoded(value)).toBe(value);
    }
  });
});
