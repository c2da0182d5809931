import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dynamoClient, dynamoKpiStore } from "@topline/aws-adapters/dynamodb";
import { s3Client, s3ObjectStore } from "@topline/aws-adapters/s3";
import { INBOX, type ObjectStore, readDocument, stepKey } from "@topline/core";
import { openHarness } from "@topline/local-harness";
import { z } from "zod";
import { harnessProcess } from "../measure/harness.ts";
import { type Finished, runMeasured } from "../measure/process.ts";
import { type Figures, publishedFigures } from "./figures.ts";

/**
 * The product itself: `topline step transform`, a process of its own, over the embedded S3 and DynamoDB. Upload
 * and `topline step validate`, which freezes the manifest, come before; nothing of an earlier round is there.
 */

const COMMAND = fileURLToPath(new URL("../../../apps/cli/src/main.ts", import.meta.url));
const RUN_ID = "bench";

export interface TransformRun extends Finished {
  /** What the step itself has recorded: without the start of its process. */
  readonly stepSeconds: number;
  readonly figures: Figures;
}

export interface Drop {
  readonly users: string;
  readonly songs: string;
  readonly streams: readonly string[];
}

export const ENGINES = ["duckdb", "glue"] as const;
export type EngineName = (typeof ENGINES)[number];

/** @param parent where the state lies for as long as this takes */
export async function runTransform(
  drop: Drop,
  parent: string,
  engine: EngineName = "duckdb",
): Promise<TransformRun> {
  const state = await mkdtemp(join(parent, "topline-bench-"));
  try {
    return await transformIn(drop, state, engine);
  } finally {
    await rm(state, { recursive: true, force: true, maxRetries: 20 });
  }
}

async function transformIn(drop: Drop, state: string, engine: EngineName): Promise<TransformRun> {
  await using harness = await openHarness({ stateDirectory: state });
  const { s3: endpoint, dynamodb, bucket, region, ...credentials } = harness.endpoints;
  const s3 = s3Client({ region, credentials, endpoint, forcePathStyle: true });
  const dynamo = dynamoClient({ region, credentials, endpoint: dynamodb });
  try {
    const store = s3ObjectStore({ client: s3, bucket });
    await upload(store, drop);
    await runMeasured(step(state, "validate"));
    const transform = [...step(state, "transform"), "--engine", engine];
    const finished = await runMeasured(transform, await harnessProcess(state));
    const part = await readDocument(store, stepKey(RUN_ID, "transform"), partSchema);
    return {
      ...finished,
      stepSeconds: (part?.duration_ms ?? Number.NaN) / 1000,
      figures: await publishedFigures(dynamoKpiStore({ client: dynamo, prefix: "" })),
    };
  } finally {
    s3.destroy();
    dynamo.destroy();
  }
}

const partSchema = z.object({ duration_ms: z.number() });

function step(state: string, name: "validate" | "transform"): string[] {
  return [COMMAND, "--state", state, "step", name, "--run-id", RUN_ID, "--json"];
}

async function upload(store: ObjectStore, { users, songs, streams }: Drop): Promise<void> {
  await store.put(`${INBOX}users.csv`, createReadStream(users));
  await store.put(`${INBOX}songs.csv`, createReadStream(songs));
  for (const [i, file] of streams.entries()) {
    await store.put(`${INBOX}streams/streams${i + 1}.csv`, createReadStream(file));
  }
}
