import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { dropOf } from "../data/drop.ts";
import { listeningData } from "../data/generate.ts";
import type { Shape } from "../data/shape.ts";
import { type Machine, thisMachine } from "../machine.ts";
import { ratiosOf, type Spread, spreadOf } from "../measure/statistics.ts";
import { CONTENDERS, type Measured, runContender } from "./contenders.ts";
import { assertSame, type Yield } from "./figures.ts";

/** What a contender took over all rounds. */
export interface Result {
  readonly contender: string;
  readonly what: string;
  /** Of the work asked for, as the contender clocks itself. */
  readonly seconds: Spread;
  /** Of `seconds`, to the script by hand in the same round. */
  readonly ratio: Spread;
  /** From the start of the process to its end. */
  readonly process_seconds: Spread;
  readonly cpu_seconds: Spread;
  /** Of processor time, what served the contender included, to the script by hand in the same round. */
  readonly cpu_ratio: Spread;
  /** The most of any round. */
  readonly peak_bytes: number;
  readonly harness: { readonly cpu_seconds: Spread; readonly peak_bytes: number } | null;
}

export interface TransformBenchmark {
  readonly measured_at: string;
  readonly machine: Machine;
  readonly data: Shape;
  readonly rounds: number;
  readonly results: readonly Result[];
}

export interface BenchOptions {
  readonly shape: Shape;
  readonly rounds: number;
  /** Where data is kept, and contenders work. */
  readonly directory: string;
  readonly tell: (message: string) => void;
}

/**
 * All contenders in turn, round by round, each as a process of its own over the same files.
 * @throws {Error} when the figures of two contenders differ
 */
export async function benchTransform(options: BenchOptions): Promise<TransformBenchmark> {
  const { shape, rounds, directory, tell } = options;
  const machine = thisMachine();
  tell(`Data: ${shape.listens} listens`);
  await mkdir(directory, { recursive: true });
  const data = await listeningData(shape, directory);
  const drop = dropOf(data, shape);
  const measured = new Map<string, Measured[]>(CONTENDERS.map(({ name }) => [name, []]));
  const scratch = await mkdtemp(join(directory, "scratch-"));
  try {
    for (let round = 0; round < rounds; round++) {
      const yields: Yield[] = [];
      for (const contender of rotated(CONTENDERS, round)) {
        const one = await runContender(contender, drop, scratch);
        tell(`Round ${round + 1}, ${contender.name}: ${one.seconds.toFixed(2)} s`);
        measured.get(contender.name)?.push(one);
        if (one.figures !== undefined) yields.push({ by: contender.name, figures: one.figures });
      }
      const byHand = yields.find(({ by }) => by === "by hand") ?? { by: "by hand", figures: {} };
      for (const one of yields) assertSame(one, byHand);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 20 });
  }
  const byHand = measured.get("by hand") ?? [];
  return {
    measured_at: new Date().toISOString(),
    machine,
    data: shape,
    rounds,
    results: CONTENDERS.map(({ name, what }) =>
      resultOf(name, what, measured.get(name) ?? [], byHand),
    ),
  };
}

/** Nobody always runs first, or always after the same one. */
function rotated<T>(items: readonly T[], by: number): T[] {
  return items.map((_, i) => items[(i + by) % items.length] as T);
}

function resultOf(
  contender: string,
  what: string,
  runs: readonly Measured[],
  byHand: readonly Measured[],
): Result {
  const spread = (of: (run: Measured) => number) => spreadOf(runs.map(of));
  const seconds = ({ seconds }: Measured) => seconds;
  const cpu = ({ process, harness }: Measured) => process.cpuSeconds + (harness?.cpuSeconds ?? 0);
  const served = runs.flatMap(({ harness }) => harness ?? []);
  return {
    contender,
    what,
    seconds: spread(seconds),
    ratio: ratiosOf(runs.map(seconds), byHand.map(seconds)),
    process_seconds: spread(({ process }) => process.seconds),
    cpu_seconds: spread(({ process }) => process.cpuSeconds),
    cpu_ratio: ratiosOf(runs.map(cpu), byHand.map(cpu)),
    peak_bytes: spread(({ process }) => process.peakBytes).max,
    harness:
      served.length === 0
        ? null
        : {
            cpu_seconds: spreadOf(served.map(({ cpuSeconds }) => cpuSeconds)),
            peak_bytes: spreadOf(served.map(({ peakBytes }) => peakBytes)).max,
          },
  };
}
