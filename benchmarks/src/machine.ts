import { cpus, loadavg, totalmem } from "node:os";
import process from "node:process";
import { version as duckdbVersion } from "@duckdb/node-api";

/** Where something was measured. */
export interface Machine {
  readonly processors: number;
  readonly model: string;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
  readonly duckdb: string;
  /** Processes that wanted to run in the minute before: beyond none, others share the machine. */
  readonly load: number;
}

export function thisMachine(): Machine {
  return {
    processors: cpus().length,
    model: cpus()[0]?.model ?? "unknown",
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    duckdb: duckdbVersion(),
    load: loadavg()[0] ?? 0,
  };
}

const GIB = 1024 ** 3;

export function describeMachine(machine: Machine): string {
  const { processors, model, memoryBytes, platform, node, duckdb, load } = machine;
  return `${processors} × ${model}, ${(memoryBytes / GIB).toFixed(0)} GiB, ${platform}, Node ${node}, DuckDB ${duckdb}, load ${load.toFixed(1)} at the start`;
}
