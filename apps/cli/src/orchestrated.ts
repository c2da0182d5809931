import { ToplineError } from "@topline/core";
import { type FunctionsPlace, makeFunctions } from "./lambda/functions.ts";
import { harnessGlue } from "./glue/clients.ts";
import { makeJob } from "./glue/job-code.ts";
import type { HarnessGluePlace } from "./glue/transform-job.ts";

/** What an orchestrator, such as Airflow, calls on a harness. */
export interface Orchestrated {
  /** The steps as functions: their names. */
  readonly functions: readonly string[];
  /** The step transform as a Glue job, where this machine can make it. */
  readonly job: { readonly name: string } | { readonly lacks: string };
}

/** Sees to it that the harness has all of it. */
export async function makeOrchestrated(
  place: FunctionsPlace & Pick<HarnessGluePlace, "store">,
): Promise<Orchestrated> {
  const [functions, job] = await Promise.all([makeFunctions(place), jobOf(place)]);
  return { functions, job };
}

async function jobOf(
  place: Pick<HarnessGluePlace, "config" | "endpoints" | "store">,
): Promise<Orchestrated["job"]> {
  const client = harnessGlue(place.endpoints);
  try {
    await makeJob(client, place);
    return { name: place.config.glue.jobName };
  } catch (error) {
    if (ToplineError.is(error, "ENGINE_UNAVAILABLE")) return { lacks: error.message };
    throw error;
  } finally {
    client.destroy();
  }
}
