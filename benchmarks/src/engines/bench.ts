import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { type EngineName, ENGINES } from "@topline/core";
import { type Drop, dropOf } from "../data/drop.ts";
import { listeningData } from "../data/generate.ts";
import type { Shape } from "../data/shape.ts";
import { type Machine, thisMachine } from "../machine.ts";
import { type Spread, spreadOf } from "../measure/statistics.ts";
import { assertSame } from "../transform/figures.ts";
import { runTransform, type TransformRun } from "../transform/topline.ts";

/** What one engine took for one size. */
export interface EngineResult {
  readonly engine: EngineName;
  readonly listens: number;
  /** Of the step's work, as the step records it. */
  readonly seconds: Spread;
  /** From the command to its end: what starts first, such as Spark, included. */
  readonly command_seconds: Spread;
  /** Of the command and of the harness, whose children the Glue jobs are. */
  readonly cpu_seconds: Spread;
  /** The most of any round, of both trees together. */
  readonly peak_bytes: number;
}

export interface EnginesBenchmark {
  readonly measured_at: string;
  readonly machine: Machine;
  /** But for the listens, of which there are as many as each result says. */
  readonly data: Shape;
  readonly rounds: number;
  readonly results: readonly EngineResult[];
}

export interface EnginesOptions {
  readonly shape: Shape;
  readonly sizes: readonly number[];
  readonly rounds: number;
  /** Where data and Spark are kept, and engines work. */
  readonly directory: string;
  readonly tell: (message: string) => void;
}

/**
 * Both engines over the same files, size by size, each run in a state of its own.
 * @throws {Error} when their figures differ
 */
export async function benchEngines(options: EnginesOptions): Promise<EnginesBenchmark> {
  const { shape, sizes, rounds, directory, tell } = options;
  const machine = thisMachine();
  await mkdir(directory, { recursive: true });
  // The harness asks for it: else every state would install a Spark of its own.
  process.env["TOPLINE_GLUE_HOME"] ??= join(directory, "glue");
  const scratch = await mkdtemp(join(directory, "scratch-"));
  try {
    tell("Spark, and whatever else a first job installs");
    const warm = await madeIn(directory, { ...shape, listens: FEW, users: FEW });
    await runTransform(warm, scratch, "glue");
    const results: EngineResult[] = [];
    for (const listens of sizes) {
      const drop = await madeIn(directory, { ...shape, listens });
      const runs = new Map<EngineName, TransformRun[]>(ENGINES.map((engine) => [engine, []]));
      for (let round = 0; round < rounds; round++) {
        for (const engine of round % 2 === 0 ? ENGINES : ENGINES.toReversed()) {
          const run = await runTransform(drop, scratch, engine);
          tell(
            `${listens} listens, round ${round + 1}, ${engine}: ${run.stepSeconds.toFixed(1)} s`,
          );
          runs.get(engine)?.push(run);
        }
        const last = (by: EngineName) => ({ by, figures: runs.get(by)?.at(-1)?.figures ?? {} });
        assertSame(last("glue"), last("duckdb"));
      }
      results.push(...ENGINES.map((engine) => resultOf(engine, listens, runs.get(engine) ?? [])));
    }
    return { measured_at: new Date().toISOString(), machine, data: shape, rounds, results };
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 20 });
  }
}

const FEW = 1_000;

const madeIn = async (directory: string, shape: Shape): Promise<Drop> =>
  dropOf(await listeningData(shape, directory), shape);

function resultOf(
  engine: EngineName,
  listens: number,
  runs: readonly TransformRun[],
): EngineResult {
  const spread = (of: (run: TransformRun) => number) => spreadOf(runs.map(of));
  return {
    engine,
    listens,
    seconds: spread(({ stepSeconds }) => stepSeconds),
    command_seconds: spread(({ cost }) => cost.seconds),
    cpu_seconds: spread(({ cost, server }) => cost.cpuSeconds + (server?.cpuSeconds ?? 0)),
    peak_bytes: spread(({ cost, server }) => cost.peakBytes + (server?.peakBytes ?? 0)).max,
  };
}
