import { describeMachine } from "../machine.ts";
import type { Spread } from "../measure/statistics.ts";
import { plainTable } from "../plain-table.ts";
import type { TransformBenchmark } from "./bench.ts";

/** The benchmark for a person. */
export function describeTransform(benchmark: TransformBenchmark): string {
  const { measured_at, machine, data, rounds, results } = benchmark;
  const rows = results.map((result) => [
    result.contender,
    spread(result.seconds),
    spread(result.ratio),
    result.process_seconds.median.toFixed(2),
    result.cpu_seconds.median.toFixed(1),
    result.cpu_ratio.median.toFixed(2),
    mebibytes(result.peak_bytes),
  ]);
  const head = [
    "contender",
    "seconds",
    "to by hand",
    "process s",
    "CPU s",
    "to by hand",
    "peak MiB",
  ];
  const lines = [
    `${measured_at.slice(0, 10)}: ${data.listens} listens in ${data.files} files, ${data.dates} dates, ${data.users} users; ${rounds} rounds`,
    describeMachine(machine),
    "",
    plainTable([head, ...rows]),
    ...results.map(({ contender, what }) => `${contender}: ${what}`),
    ...results.flatMap(({ contender, harness }) =>
      harness === null
        ? []
        : `The S3 and DynamoDB that served ${contender}, on the same processors and counted above in the ratio of CPU alone: ${harness.cpu_seconds.median.toFixed(1)} CPU s, peak ${mebibytes(harness.peak_bytes)} MiB`,
    ),
    "Spreads are least / median / greatest; those that compute yielded the same figures in every round.",
  ];
  return lines.join("\n");
}

const spread = ({ min, median, max }: Spread) =>
  [min, median, max].map((value) => value.toFixed(2)).join(" / ");

const mebibytes = (bytes: number) => (bytes / 1024 ** 2).toFixed(0);
