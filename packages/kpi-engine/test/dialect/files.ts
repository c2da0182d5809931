import { Buffer } from "node:buffer";
import { DATASET_COLUMNS, type Dataset } from "@topline/core";
import { CONTRACTS } from "@topline/validators";
import * as fc from "fast-check";
import { fieldTexts } from "./fields.ts";

/** Whole files: a header that may be taken in, then anything. */
export function files(dataset: Dataset): fc.Arbitrary<Buffer> {
  return headers(dataset).chain((header) => {
    const line = fc.oneof(
      { weight: 5, arbitrary: rows(dataset, header) },
      { weight: 4, arbitrary: tortured },
      { weight: 1, arbitrary: fc.constantFrom(header, `${header} `, "", " ", "\t") },
      { weight: 1, arbitrary: fc.integer({ min: 60, max: 66 }).map((n) => `"${"\n-".repeat(n)}"`) },
    );
    const body = fc.array(fc.tuple(line, ends), { maxLength: 24 });
    return fc
      .tuple(fc.constantFrom("", "\ufeff"), fc.constantFrom("", "\n\r\n"), ends, body)
      .map(([bom, blank, end, lines]) =>
        asBytes(`${bom}${blank}${header}${end}${lines.flat().join("")}`),
      );
  });
}

/** Raw bytes hide in private-use characters until the text is made into bytes. */
const RAW = 0xf700;
const raw = (...bytes: number[]) => String.fromCharCode(...bytes.map((byte) => RAW + byte));

function asBytes(text: string): Buffer {
  return Buffer.concat(
    text.split(/([\uf700-\uf7ff])/).map((part) => {
      const code = part.charCodeAt(0) - RAW;
      return part.length === 1 && code >= 0 && code < 256 ? Buffer.of(code) : Buffer.from(part);
    }),
  );
}

const ends = fc.constantFrom("\n", "\r\n", "\r", "\n", "\r\n\r\n", "\n\r", "\r\r\n");

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

function headers(dataset: Dataset): fc.Arbitrary<string> {
  const names = DATASET_COLUMNS[dataset].map((column) => column.name);
  const extra = fc.subarray(["", "id", "id", "Track_ID", "a,b", 'say "x"'], { maxLength: 2 });
  const spelled = (name: string) =>
    /[,"]/.test(name)
      ? fc.constant(quoted(name))
      : fc.constantFrom(name, name, ` ${name}\t`, quoted(name), quoted(` ${name}`));
  return extra
    .chain((more) =>
      fc.shuffledSubarray([...names, ...more], { minLength: names.length + more.length }),
    )
    .chain((all) => fc.tuple(...all.map(spelled)))
    .map((cells) => cells.join(","));
}

/** A record that fits the header's width most of the time, with fields of the columns' kinds. */
function rows(dataset: Dataset, header: string): fc.Arbitrary<string> {
  const { rules } = CONTRACTS[dataset];
  const named = Object.keys(rules);
  const cells = header.split(",").map((cell) => cell.replace(/["\s]/g, ""));
  const fields = cells.map((name) => {
    const rule = named.includes(name) ? rules[name] : undefined;
    const text =
      rule === undefined
        ? fc.constantFrom("", "x", "1,2")
        : fc.oneof(good(rule.kind), fieldTexts(rule));
    return fc.tuple(text, fc.boolean()).map(([value, isQuoted]) => {
      return isQuoted || /[",]/.test(value) ? quoted(value) : value;
    });
  });
  return fc.tuple(...fields).map((parts) => parts.join(","));
}

function good(kind: string): fc.Arbitrary<string> {
  if (kind === "integer") return fc.constantFrom("0", "007", "150");
  if (kind === "timestamp") {
    return fc.constantFrom("2024-06-25 17:43:13", "2024-06-25T17:43:13.5Z", "1970-01-01 00:00:00");
  }
  return kind === "date"
    ? fc.constantFrom("2024-02-29", "0001-01-01")
    : fc.constantFrom("a", "b c");
}

const fragments = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('"', '""', '"""', ",", '","', ',"', '",') },
  {
    weight: 3,
    arbitrary: fc.constantFrom("a", "1", " ", "\t", "\u00a0", "é", "😀", "\ufeff", "\u2028"),
  },
  { weight: 1, arbitrary: fc.constantFrom("\n", "\r", "\r\n", '"\n', '"\n"', '\n"') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      raw(0xff),
      raw(0xc3),
      raw(0xc0, 0xaf),
      raw(0xed, 0xa0, 0x80),
      raw(0xf4, 0x90, 0x80, 0x80),
      raw(0xef, 0xbb, 0xbf),
      "\0",
      "\u0001",
      "\u0002\u0002\u0002",
      "\u000b",
      "\u001f",
      "\u007f",
    ),
  },
);

const tortured = fc.array(fragments, { maxLength: 16 }).map((parts) => parts.join(""));
