import { NumberValue } from "@aws-sdk/lib-dynamodb";
import { type KpiRow, type TableSpec, tableSpecSchema } from "@topline/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digitsOf, integerOf } from "./attributes.ts";
import { isItemOf, itemOf, rowOf } from "./rows.ts";
import { validRows } from "./valid-rows.ts";

const table: TableSpec = tableSpecSchema.parse({
  name: "TABLE",
  relation: "relation",
  columns: [
    { name: "date", type: "string" },
    { name: "key", type: "string" },
    { name: "count", type: "integer" },
    { name: "share", type: "double" },
    { name: "text", type: "string" },
    { name: "indexed", type: "string" },
  ],
  sortKey: "key",
  list: ["key"],
  indexes: [{ name: "index", kind: "global", partitionKey: "indexed", sortKey: "date" }],
  orderBy: ["key"],
});
const DATE = "2024-06-25";
const row = (more: KpiRow = {}): KpiRow => ({ date: DATE, key: "k", ...more });

describe("integers", () => {
  test("are read from every way of writing a decimal", () => {
    const written: Record<string, bigint | undefined> = {
      "0": 0n,
      "-0": 0n,
      "12": 12n,
      "-12.00": -12n,
      "1.2e1": 12n,
      "1E+2": 100n,
      "1200e-2": 12n,
      "99999999999999999999999999999999999999": 10n ** 38n - 1n,
      "1.5": undefined,
      "1e-1": undefined,
      "0.00e-5": 0n,
      "": undefined,
      NaN: undefined,
      Infinity: undefined,
      "0x10": undefined,
      " 1": undefined,
    };
    for (const [digits, value] of Object.entries(written)) expect(integerOf(digits)).toBe(value);
  });

  test("a client that loses digits is refused", () => {
    expect(() => digitsOf(5)).toThrow(/dynamoClient/);
  });
});

test("a row and its item are each other's, doubles included", () => {
  const double = fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((value) => value === 0 || (Math.abs(value) > 1e-130 && Math.abs(value) < 1e126))
    .map((value) => (value === 0 ? 0 : value));
  const rows = fc.record({
    date: fc.constant(DATE),
    key: fc.string({ minLength: 1, unit: "grapheme", maxLength: 20 }),
    count: fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
    share: double,
  });
  fc.assert(
    fc.property(rows, (drawn) => {
      const item = itemOf(drawn);
      const read = { ...item, count: NumberValue.from(String(item["count"])) };
      expect(rowOf(table, read)).toEqual(drawn);
      expect(isItemOf(table, drawn, read)).toBe(true);
    }),
  );
});

test("an item with one attribute more, less or of another type is not the row's", () => {
  const wanted = row({ count: 5n });
  const five = NumberValue.from("5");
  expect(isItemOf(table, wanted, { date: DATE, key: "k", count: five })).toBe(true);
  for (const item of [
    { date: DATE, key: "k" },
    { date: DATE, key: "k", count: five, foreign: "x" },
    { date: DATE, key: "k", count: "5" },
    { date: DATE, key: "k", count: NumberValue.from("5.5") },
    { date: DATE, key: "k", text: five },
  ]) {
    expect(isItemOf(table, wanted, item)).toBe(false);
  }
});

test("an item of another type than its column cannot be read, and the fault says which", () => {
  const item = { date: DATE, key: "k", count: "five" };
  expect(() => rowOf(table, item)).toThrow(/TABLE, date 2024-06-25: attribute count.*integer/);
});

describe("a row that the table cannot hold is refused", () => {
  test.each(
    Object.entries({
      "an empty key": [row({ key: "" }), /key is empty/],
      "no key": [row({ key: null }), /key is absent/],
      "a key over 1024 bytes": [row({ key: "é".repeat(513) }), /key has 1026 bytes.*1024/],
      "an empty index key": [row({ indexed: "" }), /indexed is empty/],
      "an index key over 2048 bytes": [row({ indexed: "x".repeat(2_049) }), /2049 bytes.*2048/],
      "another date": [row({ date: "2024-06-26" }), /"2024-06-26", not the one being published/],
      "a foreign column": [row({ other: "x" }), /column other is not in the table's spec/],
      "text for a number": [row({ count: "5" }), /count is "5", not a bigint/],
      "a double for an integer": [row({ count: 5 }), /count is 5, not a bigint/],
      "an integer for a double": [row({ share: 5n }), /share is 5, not a double/],
      "a number for text": [row({ text: 5n }), /text is 5, not text/],
      "39 digits": [row({ count: -(10n ** 38n) }), /count has 39 digits/],
      "not a number": [row({ share: Number.NaN }), /share is NaN/],
      infinity: [row({ share: Number.POSITIVE_INFINITY }), /share is Infinity/],
      "a magnitude over DynamoDB's": [row({ share: 1e126 }), /share is 1e\+126/],
      "half a surrogate pair": [row({ text: "\ud83c" }), /text holds half a surrogate pair/],
      "an item over 400 KB": [row({ text: "x".repeat(400_000) }), /400 KB/],
    } satisfies Record<string, [KpiRow, RegExp]>),
  )("%s", (_, [invalid, message]) => {
    const publish = () => validRows(table, DATE, [row({ key: "good" }), invalid]);
    expect(publish).toThrow(message);
    expect(publish).toThrow(expect.objectContaining({ code: "RELATION_INVALID" }));
  });

  test("and one at the limits is not", () => {
    const widest = row({
      key: "é".repeat(512),
      indexed: "x".repeat(2_048),
      count: 10n ** 38n - 1n,
      share: 1e-130,
      text: "x".repeat(390_000),
    });
    expect([...validRows(table, DATE, [widest]).values()]).toEqual([widest]);
  });
});

test("nulls go, negative zero is zero, two rows of one key are refused", () => {
  const valid = validRows(table, DATE, [row({ text: null, share: -0 })]);
  expect([...valid]).toEqual([["k", { date: DATE, key: "k", share: 0 }]]);
  expect(() => validRows(table, DATE, [row(), row({ key: "l" }), row()])).toThrow(
    expect.objectContaining({
      code: "DUPLICATE_KEY",
      message: expect.stringMatching(/TABLE, date 2024-06-25, key "k"/),
    }),
  );
});
