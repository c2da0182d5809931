import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LineSurvey } from "../src/duckdb/survey.ts";

function surveyed(text: string, pieceBytes = Number.MAX_SAFE_INTEGER) {
  const survey = new LineSurvey();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    survey.take(bytes.subarray(at, at + pieceBytes));
  }
  const { lines, isPlain, opening } = survey;
  return { lines, isPlain, opening };
}

describe("a survey of lines", () => {
  test("counts them, keeps the first, and finds plain ones plain", () => {
    expect(surveyed("user,track\nu 1,t\n,\n")).toEqual({
      lines: 3,
      isPlain: true,
      opening: "user,track",
    });
    expect(surveyed(`${"x".repeat(255)}\n`).isPlain).toBe(true);
  });

  test.each([
    ["a quote", 'a,"b"\n'],
    ["a tab", "a,\tb\n"],
    ["a control character", "a\0\n"],
    ["what is not ASCII", "a,ü\n"],
    ["DEL", "a\x7f\n"],
    ["a blank at the start", " a,b\n"],
    ["a blank at the end", "a,b \n"],
    ["a blank before a comma", "a ,b\n"],
    ["a blank after a comma", "a, b\n"],
    ["a line of 256 bytes", `${"x".repeat(256)}\n`],
  ])("sees %s", (_, line) => {
    expect(surveyed(`a,b\n${line}a,b\n`)).toMatchObject({ lines: 3, isPlain: false });
    expect(surveyed(`${line}a,b\n`, 1)).toMatchObject({ lines: 2, isPlain: false });
  });

  test("says the same however the bytes come, and what a pattern says", () => {
    const alphabet = fc.constantFrom("a", "~", " ", ",", "\n", '"', "é", "\t", "x".repeat(254));
    const text = fc.array(alphabet, { maxLength: 12 }).map((parts) => `${parts.join("")}\n`);
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 9 }), (given, pieceBytes) => {
        const lines = given.slice(0, -1).split("\n");
        expect(surveyed(given, pieceBytes)).toEqual({
          lines: lines.length,
          isPlain: lines.every((line) => !/[^ !#-~]|^ | $|, | ,/.test(line) && line.length <= 255),
          opening: lines[0],
        });
      }),
    );
  });
});
