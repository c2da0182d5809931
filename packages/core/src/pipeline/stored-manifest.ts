import { readDocument, writeDocument } from "../documents.ts";
import { ToplineError } from "../errors.ts";
import { manifestKey, planKey } from "../layout.ts";
import { type Manifest, manifestSchema } from "../manifest.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { refuseAbandoned } from "./abandonment.ts";
import type { PipelineContext } from "./ports.ts";

/** The manifest where it is kept: written once, after the plan that goes with it. */

export async function writeManifest(
  context: Pick<PipelineContext, "store" | "plan">,
  manifest: Manifest,
): Promise<Manifest> {
  const { store, plan } = context;
  await writeDocument(store, planKey(manifest.run_id), plan);
  try {
    await writeDocument(store, manifestKey(manifest.run_id), manifest, { ifNoneMatch: "*" });
    return manifest;
  } catch (error) {
    if (!ToplineError.is(error, "OBJECT_EXISTS")) throw error;
    // Our own, after an answer that was lost, or that of a holder before us: either is the manifest.
    return requireManifest(store, manifest.run_id);
  }
}

export const readManifest = (store: ObjectStore, runId: string): Promise<Manifest | undefined> =>
  readDocument(store, manifestKey(runId), manifestSchema);

/** @throws {ToplineError} `RUN_NOT_FOUND` */
export async function requireManifest(store: ObjectStore, runId: string): Promise<Manifest> {
  const manifest = await readManifest(store, runId);
  if (manifest !== undefined) return manifest;
  throw new ToplineError(
    "RUN_NOT_FOUND",
    `Run ${runId} has no manifest: its validate has not succeeded. Run validate first and go on with the run id that it returns.`,
  );
}

/** @throws {ToplineError} `STATE_CORRUPT` */
export async function requireOpenManifest(store: ObjectStore, runId: string): Promise<Manifest> {
  const manifest = await readManifest(store, runId);
  if (manifest !== undefined) return manifest;
  throw new ToplineError(
    "STATE_CORRUPT",
    `Run ${runId} is open, and its manifest ${manifestKey(runId)} is gone, so it cannot be finished. Abandon it: what the inbox still holds is not lost.`,
  );
}

/** @throws {ToplineError} `STEP_OUT_OF_ORDER`; `RUN_NOT_OPEN` when it was abandoned */
export async function requireOpen(context: PipelineContext, runId: string): Promise<void> {
  await refuseAbandoned(context, runId);
  const open = await context.ledger.openRun();
  if (open === runId) return;
  throw new ToplineError(
    "STEP_OUT_OF_ORDER",
    `Run ${runId} is not open (${open === undefined ? "no run is" : `${open} is`}). Run validate first and go on with the run id that it returns.`,
  );
}
