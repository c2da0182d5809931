import { Buffer } from "node:buffer";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectStore } from "@topline/core";
import { z } from "zod";
import { dropOf, putDrop } from "../data/drop.ts";
import { listeningData, songsFile, streamsFiles } from "../data/generate.ts";
import { DEFAULT_SHAPE, type Shape } from "../data/shape.ts";
import { type Machine, thisMachine } from "../machine.ts";
import { type Deployment, openDeployment } from "../measure/deployment.ts";
import { ratiosOf, type Spread, spreadOf } from "../measure/statistics.ts";
import { withOtherDuration } from "./catalogue.ts";

/** One kind of run, over the zone of one date and over that of many. */
export interface GrowthResult {
  readonly change: string;
  /** Of the steps of `topline run`, as its report has them. */
  readonly alone_seconds: Spread;
  readonly among_seconds: Spread;
  /** Of the two, round by round. */
  readonly ratio: Spread;
  /** Dates that were computed. */
  readonly alone_dates: Spread;
  readonly among_dates: Spread;
  /** The most that a run over many dates had resident. */
  readonly among_peak_bytes: number;
}

export interface GrowthBenchmark {
  readonly measured_at: string;
  readonly machine: Machine;
  readonly size: GrowthSize;
  readonly rounds: number;
  /** Of the run that took in everything that the zone of many dates holds before. */
  readonly first_run_seconds: number;
  readonly results: readonly GrowthResult[];
}

export interface GrowthSize {
  readonly dates: number;
  readonly listensADate: number;
  /** Listens of a file that arrives, all of one date. */
  readonly added: number;
  readonly users: number;
}

export interface GrowthOptions {
  readonly size: GrowthSize;
  readonly rounds: number;
  /** Where data is kept, and deployments work. */
  readonly directory: string;
  readonly tell: (message: string) => void;
}

const CHANGES = ["listens of one date", "a track's duration"] as const;

/**
 * The same arrivals at two deployments, in turn: one whose zone has a single date, and one that has many more such
 * dates beside it.
 */
export async function benchGrowth(options: GrowthOptions): Promise<GrowthBenchmark> {
  const { size, rounds, directory, tell } = options;
  const machine = thisMachine();
  await mkdir(directory, { recursive: true });
  const shape: Shape = { ...DEFAULT_SHAPE, users: size.users, files: 1, dates: 1 };
  const alone = { ...shape, listens: size.listensADate };
  const among = {
    ...shape,
    listens: size.listensADate * size.dates,
    dates: size.dates,
    files: DEFAULT_SHAPE.files,
  };
  const arriving = { ...shape, listens: size.added * rounds, files: rounds, seed: 2 };
  tell(`Data: ${among.listens} listens`);
  const folders = {
    alone: await listeningData(alone, directory),
    among: await listeningData(among, directory),
    arriving: await listeningData(arriving, directory),
  };
  const scratch = await mkdtemp(join(directory, "growth-"));
  try {
    await using one = await openDeployment(join(scratch, "alone"));
    await using many = await openDeployment(join(scratch, "among"));
    tell("Taking in what the zones hold before");
    await putDrop(one.store, dropOf(folders.alone, alone));
    await runOf(one);
    await putDrop(many.store, dropOf(folders.among, among));
    const first = await runOf(many);
    tell(`${first.seconds.toFixed(1)} s for ${size.dates} dates`);

    let catalogue = await readFile(songsFile(folders.alone), "utf8");
    const taken = new Map<string, [Taken, Taken][]>(CHANGES.map((change) => [change, []]));
    for (let round = 0; round < rounds; round++) {
      const file = streamsFiles(folders.arriving, arriving)[round] ?? "";
      catalogue = withOtherDuration(catalogue, round);
      const songs = Buffer.from(catalogue);
      const arrivals = {
        [CHANGES[0]]: async (store: ObjectStore) =>
          store.put(`raw-data/streams/late-${round}.csv`, createReadStream(file)),
        [CHANGES[1]]: async (store: ObjectStore) => store.put("raw-data/songs.csv", songs),
      };
      for (const change of CHANGES) {
        // Nobody always runs first.
        const turns = round % 2 === 0 ? [one, many] : [many, one];
        const found = new Map<Deployment, Taken>();
        for (const deployment of turns) {
          await arrivals[change](deployment.store);
          found.set(deployment, await runOf(deployment));
        }
        const pair: [Taken, Taken] = [found.get(one)!, found.get(many)!];
        tell(
          `Round ${round + 1}, ${change}: ${pair.map(({ seconds }) => `${seconds.toFixed(2)} s`).join(" alone, ")} among`,
        );
        taken.get(change)?.push(pair);
      }
    }
    return {
      measured_at: new Date().toISOString(),
      machine,
      size,
      rounds,
      first_run_seconds: first.seconds,
      results: CHANGES.map((change) => resultOf(change, taken.get(change) ?? [])),
    };
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 20 });
  }
}

function resultOf(change: string, pairs: readonly (readonly [Taken, Taken])[]): GrowthResult {
  const one = pairs.map(([alone]) => alone);
  const many = pairs.map(([, among]) => among);
  const seconds = (runs: readonly Taken[]) => runs.map((run) => run.seconds);
  const dates = (runs: readonly Taken[]) => spreadOf(runs.map((run) => run.dates));
  return {
    change,
    alone_seconds: spreadOf(seconds(one)),
    among_seconds: spreadOf(seconds(many)),
    ratio: ratiosOf(seconds(many), seconds(one)),
    alone_dates: dates(one),
    among_dates: dates(many),
    among_peak_bytes: spreadOf(many.map((run) => run.peakBytes)).max,
  };
}

interface Taken {
  readonly seconds: number;
  readonly dates: number;
  readonly peakBytes: number;
}

const reportSchema = z.object({
  status: z.literal("succeeded"),
  steps: z.array(z.object({ duration_ms: z.number() })),
  dates: z.array(z.unknown()),
});

async function runOf(deployment: Deployment): Promise<Taken> {
  const { stdout, cost } = await deployment.topline("run", "--json");
  const { steps, dates } = reportSchema.parse(JSON.parse(stdout));
  const milliseconds = steps.reduce((sum, step) => sum + step.duration_ms, 0);
  return { seconds: milliseconds / 1000, dates: dates.length, peakBytes: cost.peakBytes };
}
