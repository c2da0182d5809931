import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LoadedConfig } from "@topline/deployment";
import type { HarnessEndpoints } from "@topline/local-harness";
import { argumentsOf, logOf } from "./transform-job.ts";

interface Place {
  readonly config: LoadedConfig;
  readonly endpoints: HarnessEndpoints;
  /** Of the state. */
  readonly directory: string;
}

/**
 * The log of the newest Glue job run that worked on a run, where a harness ran one. Nothing is loaded or asked in a
 * state without job runs.
 */
export async function harnessJobLog(
  { config, endpoints, directory }: Place,
  runId: string,
): Promise<string | undefined> {
  if (!existsSync(join(directory, "glue", "runs"))) return undefined;
  const [{ findJobRun, glueJobExists }, { harnessGlue }] = await Promise.all([
    import("@topline/aws-adapters/glue"),
    import("./clients.ts"),
  ]);
  const client = harnessGlue(endpoints);
  try {
    const { jobName } = config.glue;
    if (!(await glueJobExists(client, jobName))) return undefined;
    const given = { ...argumentsOf(config), "--run_id": runId };
    const found = await findJobRun(client, jobName, given);
    const log = found === undefined ? undefined : logOf(directory, found.id);
    return log !== undefined && existsSync(log) ? log : undefined;
  } finally {
    client.destroy();
  }
}
