import { expect, test } from "vitest";
import { ratiosOf, spreadOf } from "../src/measure/statistics.ts";

test("the middle of an even number of values lies between two", () => {
  expect(spreadOf([4, 1, 3, 2])).toEqual({ min: 1, median: 2.5, max: 4 });
  expect(spreadOf([9, 1, 5])).toEqual({ min: 1, median: 5, max: 9 });
});

test("ratios are of pairs, not of middles", () => {
  expect(ratiosOf([2, 8, 9], [1, 2, 9])).toEqual({ min: 1, median: 2, max: 4 });
});
