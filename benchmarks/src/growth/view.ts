import { describeMachine } from "../machine.ts";
import type { Spread } from "../measure/statistics.ts";
import { plainTable } from "../plain-table.ts";
import type { GrowthBenchmark } from "./bench.ts";

/** The benchmark for a person. */
export function describeGrowth(benchmark: GrowthBenchmark): string {
  const { measured_at, machine, size, rounds, first_run_seconds, results } = benchmark;
  const head = ["what arrives", "alone s", "among s", "ratio", "dates computed", "peak MiB"];
  const rows = results.map((result) => [
    result.change,
    spread(result.alone_seconds),
    spread(result.among_seconds),
    spread(result.ratio),
    `${result.alone_dates.median} / ${result.among_dates.median}`,
    (result.among_peak_bytes / 2 ** 20).toFixed(0),
  ]);
  return [
    `${measured_at.slice(0, 10)}: ${size.added} listens of one date that has ${size.listensADate}, alone and among ${size.dates} such dates; ${rounds} rounds`,
    describeMachine(machine),
    "",
    plainTable([head, ...rows]),
    `The larger zone was taken in by one run in ${first_run_seconds.toFixed(1)} s. Seconds are those of the run's steps: least / median / greatest.`,
  ].join("\n");
}

const spread = ({ min, median, max }: Spread) =>
  [min, median, max].map((value) => value.toFixed(2)).join(" / ");
