import { describeMachine } from "../machine.ts";
import type { Spread } from "../measure/statistics.ts";
import { plainTable } from "../plain-table.ts";
import type { BackendsBenchmark } from "./bench.ts";

/** The benchmark for a person. */
export function describeBackends(benchmark: BackendsBenchmark): string {
  const { measured_at, machine, rounds, results, skipped } = benchmark;
  const head = ["backend", "open s", "usable s", "resting MiB", "peak MiB", "stop s"];
  const rows = results.map((result) => [
    result.backend,
    spread(result.open_seconds),
    spread(result.usable_seconds),
    mebibytes(result.resting_bytes.median),
    mebibytes(result.peak_bytes),
    spread(result.stop_seconds),
  ]);
  return [
    `${measured_at.slice(0, 10)}: ${rounds} rounds, each from nothing to nothing`,
    describeMachine(machine),
    "",
    plainTable([head, ...rows]),
    ...skipped.map(({ backend, reason }) => `SKIPPED: ${backend}. ${reason}`),
    "Spreads are least / median / greatest.",
  ].join("\n");
}

const spread = ({ min, median, max }: Spread) =>
  [min, median, max].map((value) => value.toFixed(2)).join(" / ");

const mebibytes = (bytes: number) => (bytes / 1024 ** 2).toFixed(0);
