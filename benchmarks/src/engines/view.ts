import { describeMachine } from "../machine.ts";
import type { Spread } from "../measure/statistics.ts";
import { plainTable } from "../plain-table.ts";
import type { EnginesBenchmark } from "./bench.ts";

/** The benchmark for a person. */
export function describeEngines(benchmark: EnginesBenchmark): string {
  const { measured_at, machine, data, rounds, results } = benchmark;
  const rows = results.map((result) => [
    String(result.listens),
    result.engine,
    spread(result.seconds),
    spread(result.command_seconds),
    result.cpu_seconds.median.toFixed(0),
    (result.peak_bytes / 1024 ** 2).toFixed(0),
  ]);
  const head = ["listens", "engine", "seconds", "command s", "CPU s", "peak MiB"];
  return [
    `${measured_at.slice(0, 10)}: ${data.files} files of listens, ${data.dates} dates, ${data.users} users; ${rounds} rounds`,
    describeMachine(machine),
    "",
    plainTable([head, ...rows]),
    "Spreads are least / median / greatest; CPU and memory are those of the command and the harness with all their children. Both engines yielded the same figures in every round.",
  ].join("\n");
}

const spread = ({ min, median, max }: Spread) =>
  [min, median, max].map((value) => value.toFixed(1)).join(" / ");
