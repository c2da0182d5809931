import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitLines } from "@topline/validators";
import { LineCleaner, MAX_LINE, textAsRead } from "../src/duckdb/lines.ts";

/** The clean lines of `bytes`, given `size` bytes at a time. */
function clean(bytes: Uint8Array, size: number): Buffer {
  const cleaner = new LineCleaner();
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    out.push(...cleaner.push(Uint8Array.from(bytes.subarray(at, at + size))));
  }
  return Buffer.concat([...out, ...cleaner.end()]);
}

const read = (text: Buffer) => text.toString("utf8").split("\n").slice(0, -1);

const piece = fc.oneof(
  fc.constantFrom(
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    ",",
    '"',
    " ",
    "a",
    "é",
    "\u{1f3b5}",
    "\ufeff",
    "\u0085",
  ),
  fc.constantFrom("\0", "\u0001", "\u0002", "\u0002\u0002\u0002", "\u0001a", "\u001a"),
  fc.constantFrom([0xff], [0xc3], [0xed, 0xa0, 0x80], [0xef, 0xbb], [0xef, 0xbb, 0xbf]),
);
const file = fc
  .array(piece, { maxLength: 40 })
  .map((pieces) => Buffer.concat(pieces.map((one) => Buffer.from(one as string))));

test("whatever the bytes and the chunks, every line that is not empty comes once, in order, as it reads", () => {
  fc.assert(
    fc.property(file, fc.integer({ min: 1, max: 9 }), (bytes, size) => {
      const expected = splitLines(bytes).map((line) =>
        new TextDecoder("utf-8", { ignoreBOM: true }).decode(line),
      );
      const out = clean(bytes, size);
      expect(read(out).map(textAsRead)).toEqual(expected);
      // What DuckDB is given: no CR, no empty line, and nothing that it could take for a delimiter.
      expect(out.includes("\r")).toBe(false);
      expect(out.includes("\n\n") || out[0] === 0x0a).toBe(false);
      expect(out.includes(2)).toBe(false);
      expect(out.length === 0 || out.at(-1) === 0x0a).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("exactly the lines that are not UTF-8 or hold NUL or the delimiter are marked", () => {
  const marks = read(
    clean(
      Buffer.concat([
        Buffer.from("plain\n\ttab\u0007bell\n"),
        Buffer.from([0x61, 0xff, 0x0a]),
        Buffer.from("nul\0\nstx\u0002\nlast"),
      ]),
      7,
    ),
  );
  expect(marks.map((line) => line.startsWith("\0"))).toEqual([
    false,
    false,
    true,
    true,
    true,
    false,
  ]);
});

describe("a long line", () => {
  const around = (line: Buffer) =>
    Buffer.concat([Buffer.from("first\n"), line, Buffer.from("\nlast\n")]);

  test.each([MAX_LINE - 1, MAX_LINE])("of %i bytes stays whole", (length) => {
    const line = Buffer.alloc(length, "x");
    expect(read(clean(around(line), 65_536))).toEqual(["first", line.toString(), "last"]);
  });

  test.each([
    [MAX_LINE + 1, 65_536],
    [MAX_LINE + 1, 10_000_000],
    [3 * MAX_LINE, 65_536],
    [3 * MAX_LINE, 10_000_000],
  ])("of %i bytes, read %i at a time, keeps its beginning and its length", (length, size) => {
    const [first, cut, last, ...more] = read(clean(around(Buffer.alloc(length, "x")), size));
    expect([first, last, more]).toEqual(["first", "last", []]);
    expect(cut).toMatch(new RegExp(`^\0x{65536} … \\(cut here: the line has ${length} bytes\\)$`));
  });

  test("at the end of the file needs no line end", () => {
    const lines = read(clean(Buffer.alloc(2 * MAX_LINE, "x"), 65_536));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`the line has ${2 * MAX_LINE} bytes`);
  });

  test("that is not UTF-8 is never longer as text than a line may be", () => {
    const out = clean(around(Buffer.alloc(MAX_LINE, 0xff)), 65_536);
    const lines = read(out);
    expect(lines).toHaveLength(3);
    expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(MAX_LINE);
    expect(lines[1]).toContain(`the line has ${MAX_LINE} bytes`);
  });
});
