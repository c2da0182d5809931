import process from "node:process";
import { expect, test } from "vitest";
import { backendResult, benchBackends } from "../src/backends/bench.ts";
import type { Measured } from "../src/backends/round.ts";
import { describeBackends } from "../src/backends/view.ts";
import { usageOf } from "../src/measure/tree.ts";

const life = (usableSeconds: number, mebibytes: number): Measured => ({
  openSeconds: usableSeconds / 2,
  usableSeconds,
  stopSeconds: 1,
  restingBytes: mebibytes * 2 ** 20,
  peakBytes: mebibytes * 2 ** 21,
});

test("lives are told by their spread, the peak by the greatest", () => {
  expect(backendResult("embedded", [life(1, 10), life(4, 30), life(2, 20)])).toEqual({
    backend: "embedded",
    open_seconds: { min: 0.5, median: 1, max: 2 },
    usable_seconds: { min: 1, median: 2, max: 4 },
    resting_bytes: { min: 10 * 2 ** 20, median: 20 * 2 ** 20, max: 30 * 2 ** 20 },
    peak_bytes: 60 * 2 ** 20,
    stop_seconds: { min: 1, median: 1, max: 1 },
  });
});

test("the peaks of a tree are at least what it holds", () => {
  const { residentBytes, peakBytes, peaksBytes } = usageOf(process.pid);
  expect(peaksBytes).toBeGreaterThanOrEqual(peakBytes);
  expect(peaksBytes).toBeGreaterThanOrEqual(residentBytes);
});

test("embedded alone is measured, and what Docker is lacking for is skipped loudly", async () => {
  const told: string[] = [];
  const benchmark = await benchBackends({
    rounds: 1,
    restMs: 0,
    tell: (message) => void told.push(message),
    lookForDocker: () => Promise.resolve({ found: false, path: null, remedy: "Start Docker." }),
  });
  expect(benchmark.skipped).toEqual([{ backend: "containers", reason: "Start Docker." }]);
  expect(told[0]).toBe("SKIPPED: containers. Start Docker.");
  const [embedded, ...others] = benchmark.results;
  expect(others).toEqual([]);
  expect(embedded?.backend).toBe("embedded");
  expect(embedded?.open_seconds.min).toBeGreaterThan(0);
  expect(embedded?.usable_seconds.min).toBeGreaterThan(embedded?.open_seconds.min ?? 0);
  expect(embedded?.stop_seconds.min).toBeGreaterThan(0);
  expect(embedded?.resting_bytes.min).toBeGreaterThan(10 * 2 ** 20);
  expect(embedded?.peak_bytes).toBeGreaterThanOrEqual(embedded?.resting_bytes.min ?? 0);
  const text = describeBackends(benchmark);
  expect(text).toMatch(/^embedded +\d+\.\d\d \/ /m);
  expect(text).toContain("SKIPPED: containers. Start Docker.");
});
