import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type EngineName, readDocument, stepKey } from "@topline/core";
import { z } from "zod";
import { type Drop, putDrop } from "../data/drop.ts";
import { openDeployment } from "../measure/deployment.ts";
import type { Finished } from "../measure/process.ts";
import { type Figures, publishedFigures } from "./figures.ts";

/**
 * The product itself: `topline step transform`, a process of its own, over the embedded S3 and DynamoDB. Upload
 * and `topline step validate`, which freezes the manifest, come before; nothing of an earlier round is there.
 */

const RUN_ID = "bench";

export interface TransformRun extends Finished {
  /** What the step itself has recorded: without the start of its process. */
  readonly stepSeconds: number;
  readonly figures: Figures;
}

/** @param parent where the state lies for as long as this takes */
export async function runTransform(
  drop: Drop,
  parent: string,
  engine: EngineName = "duckdb",
): Promise<TransformRun> {
  const folder = await mkdtemp(join(parent, "topline-bench-"));
  try {
    return await transformIn(drop, folder, engine);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  }
}

async function transformIn(drop: Drop, folder: string, engine: EngineName): Promise<TransformRun> {
  await using deployment = await openDeployment(folder);
  const { store, kpis } = deployment;
  await putDrop(store, drop);
  await deployment.topline(...step("validate"));
  const finished = await deployment.topline(...step("transform"), "--engine", engine);
  const part = await readDocument(store, stepKey(RUN_ID, "transform"), partSchema);
  return {
    ...finished,
    stepSeconds: (part?.duration_ms ?? Number.NaN) / 1000,
    figures: await publishedFigures(kpis),
  };
}

const partSchema = z.object({ duration_ms: z.number() });

const step = (name: "validate" | "transform") => ["step", name, "--run-id", RUN_ID, "--json"];
