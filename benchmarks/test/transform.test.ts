import { expect, test } from "vitest";
import { DEFAULT_SHAPE } from "../src/data/shape.ts";
import { benchTransform } from "../src/transform/bench.ts";
import { assertSame, type Figures } from "../src/transform/figures.ts";
import { describeTransform } from "../src/transform/view.ts";
import { scratch } from "./scratch.ts";

const row = (...values: readonly string[]) => JSON.stringify(values);

const figures: Figures = {
  GENRE_KPIS: [row("2024-06-25", "jazz", "2", "1", "7", "7")],
  TOP_SONGS: [row("2024-06-25", "jazz#1", "jazz", "1", "t", "T", "A", "2")],
  TOP_GENRES: [row("2024-06-25", "1", "jazz", "2", "1", "7")],
};

const differing = (found: Figures, expected: Figures) => () =>
  assertSame({ by: "one", figures: found }, { by: "another", figures: expected });

test("figures that differ are told with the first difference, and whose they are", () => {
  const other = { ...figures, TOP_GENRES: [row("2024-06-25", "1", "jazz", "3", "1", "7")] };
  expect(differing(figures, figures)).not.toThrow();
  expect(differing(other, figures)).toThrow(
    /^one and another .*TOP_GENRES: 1 rows of 1; first .*"3".* where another has .*"2"/,
  );
});

test("a table with more or fewer rows differs, and two empty computations agree on nothing", () => {
  const fewer = { ...figures, TOP_SONGS: [] };
  expect(differing(fewer, figures)).toThrow(/TOP_SONGS: 0 rows of 1/);
  expect(differing(figures, fewer)).toThrow(/TOP_SONGS: 1 rows of 0/);
  expect(differing({}, {})).toThrow(/no row/);
});

test("all contenders run over small data and agree", async () => {
  await using here = await scratch();
  const told: string[] = [];
  const benchmark = await benchTransform({
    shape: { ...DEFAULT_SHAPE, listens: 5_000, users: 300, files: 2 },
    rounds: 1,
    directory: here.folder,
    tell: (message) => void told.push(message),
  });
  expect(benchmark.results.map(({ contender }) => contender)).toEqual([
    "scan",
    "by hand",
    "bare",
    "topline",
  ]);
  for (const { seconds, cpu_seconds, peak_bytes } of benchmark.results) {
    expect(seconds.min).toBeGreaterThan(0);
    expect(cpu_seconds.min).toBeGreaterThan(0);
    expect(peak_bytes).toBeGreaterThan(10 * 2 ** 20);
  }
  expect(benchmark.results[1]?.ratio).toEqual({ min: 1, median: 1, max: 1 });
  expect(told).toHaveLength(5);
  expect(describeTransform(benchmark)).toMatch(/^topline +\d+\.\d\d \/ /m);
});
