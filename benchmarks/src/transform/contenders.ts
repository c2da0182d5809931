import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { type Drop, putDrop } from "../data/drop.ts";
import { openDeployment } from "../measure/deployment.ts";
import { type Cost, runMeasured } from "../measure/process.ts";
import { type Figures, figuresByHand } from "./figures.ts";
import { runTransform } from "./topline.ts";

/** One run of one contender. */
export interface Measured {
  /** What it was asked for, as it clocks itself: without the start of its process. */
  readonly seconds: number;
  readonly process: Cost;
  /** Of the harness that served it, its DynamoDB included. */
  readonly harness?: Omit<Cost, "seconds"> | undefined;
  /** Undefined for one that computes none. */
  readonly figures?: Figures;
}

export interface Contender {
  readonly name: string;
  readonly what: string;
  /** @param folder an empty one of its own */
  run(drop: Drop, folder: string): Promise<Measured>;
}

const SCAN: Contender = {
  name: "scan",
  what: "DuckDB reads the listens typed, and keeps nothing",
  async run({ streams }) {
    return scripted("scan.ts", streams);
  },
};

const BY_HAND: Contender = {
  name: "by hand",
  what: "a script that computes the three tables of clean local files, and nothing else",
  async run({ songs, streams }, folder) {
    const measured = await scripted("by-hand.ts", [folder, songs, ...streams]);
    return { ...measured, figures: await figuresByHand(folder) };
  },
};

const BARE: Contender = {
  name: "bare",
  what: "the script where Topline works: from S3, over Parquet by date that goes to S3 as well; nothing else",
  async run(drop, folder) {
    const tables = join(folder, "bare");
    await mkdir(tables);
    await using deployment = await openDeployment(folder);
    await putDrop(deployment.store, drop);
    const { cost, server, stdout } = await deployment.script(pathOf("bare.ts"), folder, tables);
    const figures = await figuresByHand(tables);
    return { seconds: secondsSaid(stdout), process: cost, harness: server, figures };
  },
};

const TOPLINE: Contender = {
  name: "topline",
  what: "`topline step transform`: from S3 to DynamoDB, with contracts, quarantine, zone and audits",
  async run(drop, folder) {
    const { stepSeconds, cost, server, figures } = await runTransform(drop, folder);
    return { seconds: stepSeconds, process: cost, harness: server, figures };
  },
};

/** In the order of a round. */
export const CONTENDERS = [SCAN, BY_HAND, BARE, TOPLINE] as const;

/** Runs a contender in a folder that is gone afterwards. */
export async function runContender(
  contender: Contender,
  drop: Drop,
  parent: string,
): Promise<Measured> {
  const folder = await mkdtemp(join(parent, "bench-"));
  try {
    return await contender.run(drop, folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  }
}

const saidSchema = z.object({ seconds: z.number() });

async function scripted(script: string, args: readonly string[]): Promise<Measured> {
  const { cost, stdout } = await runMeasured([pathOf(script), ...args]);
  return { seconds: secondsSaid(stdout), process: cost };
}

const pathOf = (script: string) => fileURLToPath(new URL(`./${script}`, import.meta.url));

const secondsSaid = (stdout: string) => saidSchema.parse(JSON.parse(stdout)).seconds;
