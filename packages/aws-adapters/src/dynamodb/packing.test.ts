import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Change, listOf, packTransactions } from "./packing.ts";

const table = { name: "TABLE", list: ["genre"] };
const DATE = "2024-06-25";

const change = (id: number, lists: readonly string[], bytes = 100): Change => ({
  write: { Delete: { TableName: "TABLE", Key: { date: DATE, id } } },
  lists,
  bytes,
});

const pairOf = ({ lists }: Change): number => Number(lists[0]) >> 1;

const fits = (changes: readonly Change[]): boolean =>
  changes.length <= 99 && changes.reduce((sum, { bytes }) => sum + bytes, 0) <= 3_500_000;

/** Items move between lists `2n` and `2n + 1` alone, so that what must go together is at most such a pair. */
const changesOf = fc
  .array(
    fc.record({
      list: fc.nat(40),
      moves: fc.boolean(),
      bytes: fc.oneof(fc.nat(10_000), fc.nat(390_000)),
    }),
    { maxLength: 300 },
  )
  .map((drawn) =>
    drawn.map(({ list, moves, bytes }, id) =>
      change(id, moves ? [`${list}`, `${list ^ 1}`] : [`${list}`], bytes),
    ),
  )
  .filter((changes) => [...Map.groupBy(changes, pairOf).values()].every(fits));

test("every change is in one transaction, none is over the limits, no list is in two", () => {
  fc.assert(
    fc.property(changesOf, (changes) => {
      const transactions = packTransactions(table, DATE, changes);
      const packed = transactions.flat();
      expect(new Set(packed)).toEqual(new Set(changes.map((change) => change.write)));
      expect(packed).toHaveLength(changes.length);
      const placeOf = new Map(
        transactions.flatMap((writes, place) => writes.map((write) => [write, place] as const)),
      );
      const placesOfList = new Map<string, Set<number | undefined>>();
      for (const { write, lists } of changes) {
        for (const list of lists) {
          const places = placesOfList.get(list) ?? new Set();
          placesOfList.set(list, places.add(placeOf.get(write)));
        }
      }
      expect([...placesOfList.values()].filter((places) => places.size > 1)).toEqual([]);
      const bytesOf = new Map(changes.map(({ write, bytes }) => [write, bytes]));
      for (const writes of transactions) {
        expect(writes.length).toBeLessThanOrEqual(99);
        const bytes = writes.reduce((sum, write) => sum + (bytesOf.get(write) ?? 0), 0);
        expect(bytes).toBeLessThanOrEqual(3_500_000);
      }
    }),
  );
});

const many = (count: number, lists: readonly string[], bytes?: number) =>
  Array.from({ length: count }, (_, id) => change(id, lists, bytes));

test("99 changes of a list go together, 100 do not", () => {
  expect(packTransactions(table, DATE, many(99, ["a"])).map((writes) => writes.length)).toEqual([
    99,
  ]);
  expect(() => packTransactions(table, DATE, many(100, ["a"]))).toThrow(
    /TABLE, date 2024-06-25.*100 changed items/,
  );
});

test("a list beyond a transaction's bytes is refused", () => {
  expect(packTransactions(table, DATE, many(10, ["a"], 350_000))).toHaveLength(1);
  expect(() => packTransactions(table, DATE, many(10, ["a"], 350_001))).toThrow(/3500010 bytes/);
});

test("transactions are filled: 198 items that stand alone make two", () => {
  const alone = Array.from({ length: 198 }, (_, id) => change(id, [`${id}`]));
  expect(packTransactions(table, DATE, alone)).toHaveLength(2);
});

test("lists between which an item moves go together, through others too", () => {
  const chain = [
    ...many(40, ["a"]),
    ...many(40, ["c"]),
    change(1_000, ["b", "c"]),
    ...many(19, ["b"]),
    change(1_001, ["a", "b"]),
  ];
  expect(() => packTransactions(table, DATE, chain)).toThrow(/101 changed items/);
  expect(packTransactions(table, DATE, chain.slice(0, -1)).map((writes) => writes.length)).toEqual([
    40, 60,
  ]);
});

test("no changes make no transaction", () => {
  expect(packTransactions(table, DATE, [])).toEqual([]);
});

test("a list is known by its values and their types", () => {
  const spec = { list: ["a", "b"] };
  const names = [
    { a: "1", b: "x" },
    { a: 1n, b: "x" },
    { a: null, b: "x" },
    { a: "", b: "x" },
    { a: "null", b: "x" },
    { a: '1","x', b: "" },
  ].map((row) => listOf(spec, row));
  expect(new Set(names).size).toBe(names.length);
  expect(listOf(spec, { b: "x" })).toBe(listOf(spec, { a: null, b: "x" }));
});
