import type { ColumnRule } from "@topline/validators";
import * as fc from "fast-check";

/** Raw texts of a column: good, at the edge, and spoiled. No line ends and nothing that sets a line aside. */
export function fieldTexts(rule: ColumnRule): fc.Arbitrary<string> {
  const byKind = {
    text: () => (rule.kind === "text" ? texts(rule.maxCodePoints) : texts(0)),
    integer: () => (rule.kind === "integer" ? integers(rule.min, rule.max) : integers(0, 0)),
    timestamp: () => timestamps,
    date: () => dates,
  };
  return fc.oneof(
    { weight: 6, arbitrary: byKind[rule.kind]() },
    { weight: 2, arbitrary: byKind[rule.kind]().chain(spoiled) },
    { weight: 1, arbitrary: byKind[rule.kind]().map((text) => ` ${text}\t`) },
    { weight: 1, arbitrary: fc.constantFrom("", " ", "\t \t", "\u00a0", "NULL", "0", "\ufeff") },
  );
}

const glyphs = ["a", "Z", "é", "e\u0301", "\u00a0", "\u0085", "\u007f", "😀", "𝄞", "\ufffd"];
const glyph = fc.constantFrom(...glyphs, "\ufeff", "\u2028", ",", '"', "'", "\\", "$1", "%", "\t");

function texts(maximum: number): fc.Arbitrary<string> {
  const short = fc.array(glyph, { maxLength: 12 }).map((parts) => parts.join(""));
  const atLimit = fc
    .tuple(fc.integer({ min: -1, max: 1 }), fc.constantFrom("x", "é", "😀"), glyph)
    .map(([more, filler, last]) => `${filler.repeat(maximum - 1 + more)}${last}`);
  return fc.oneof({ weight: 4, arbitrary: short }, { weight: 1, arbitrary: atLimit });
}

function integers(min: number, max: number): fc.Arbitrary<string> {
  const number = fc.oneof(
    fc.integer({ min, max }),
    fc.constantFrom(min, max, max + 1, max * 10, 2_147_483_647, 2_147_483_648),
  );
  const zeros = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 }));
  return fc.oneof(
    { weight: 4, arbitrary: fc.tuple(zeros, number).map(([n, value]) => "0".repeat(n) + value) },
    { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 10n ** 40n }).map(String) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("-0", "-1", "+1", "1.0", "1e3", "0x10", "1_0", "１２", "٣", "1 2"),
    },
  );
}

const digits = (min: number, max: number, width: number) =>
  fc.integer({ min, max }).map((value) => String(value).padStart(width, "0"));

const dates = fc
  .tuple(
    fc.oneof(
      digits(1969, 2030, 4),
      fc.constantFrom("0000", "0001", "0004", "1500", "1582", "1900", "2000", "9999", "10000"),
    ),
    fc.oneof(digits(1, 12, 2), digits(0, 13, 2)),
    fc.oneof(digits(1, 28, 2), digits(28, 32, 2), fc.constant("00")),
  )
  .map((parts) => parts.join("-"));

const times = fc
  .tuple(
    fc.oneof(digits(0, 23, 2), fc.constantFrom("24", "25")),
    fc.oneof(digits(0, 59, 2), fc.constant("60")),
    fc.oneof(digits(0, 59, 2), fc.constantFrom("60", "61")),
  )
  .map((parts) => parts.join(":"));

const fractions = fc.oneof(
  fc.constant(""),
  fc
    .tuple(fc.integer({ min: 0, max: 7 }), fc.bigInt({ min: 0n, max: 9_999_999n }))
    .map(([width, value]) => `.${String(value).padStart(7, "0").slice(0, width)}`),
);

const timestamps = fc
  .tuple(
    dates,
    fc.oneof({ weight: 4, arbitrary: fc.constantFrom(" ", "T") }, fc.constantFrom("t", "", "  ")),
    times,
    fractions,
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom("", "Z") },
      fc.constantFrom("z", "+00", "+00:00", " UTC", "ZZ", " Z"),
    ),
  )
  .map((parts) => parts.join(""));

/** The text with one character taken out, put in, or replaced. */
function spoiled(text: string): fc.Arbitrary<string> {
  const inserted = fc.constantFrom("", "0", "9", "x", "-", ".", " ", ":", "T", "Z", "٣", "\u00a0");
  return fc.tuple(fc.nat(text.length), fc.nat(1), inserted).map(([at, taken, put]) => {
    return (text.slice(0, at) + put + text.slice(at + taken)).toWellFormed();
  });
}
