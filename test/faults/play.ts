import {
  type Engine,
  type MaintainedZone,
  type PipelineContext,
  type Plan,
  run,
  type RunReport,
  silentLogger,
  toFault,
} from "../../packages/core/src/index.ts";
import { deltaZone } from "../../packages/delta-log/src/index.ts";
import { jsonCodec } from "../../packages/delta-log/test/json-codec.ts";
import { validator } from "../../packages/validators/src/index.ts";
import { deliver, type Episode, type Perform } from "./history.ts";
import type { Outside, World } from "./world.ts";

/** How a process goes through an episode. */

export interface Player {
  readonly plan: Plan;
  readonly engineOver: (outside: Outside) => Engine;
}

/** Longer than any lease. */
export const LEASE_OVER_MS = 60_000;
/** An episode takes three runs at most: the open one's, its own, and one over what was replaced meanwhile. */
const MOST_RUNS = 4;

export const zoneOver = ({ store }: Pick<Outside, "store">): MaintainedZone =>
  deltaZone({ store, checkpoints: jsonCodec });

/** The files of an episode arrive. */
export async function begin({ store }: Outside, { files, prepare }: Episode): Promise<void> {
  await prepare?.(store);
  await deliver(store, files);
}

export interface Playing {
  /** Of the last run, or of the operation. */
  readonly report: Pick<RunReport, "status" | "error">;
  readonly runs: number;
}

/**
 * Runs until nothing is left to do, or a run fails. The producer's deed comes as soon as a run has frozen its files,
 * once, whichever process that run is of. Processes of one name give their runs the same ids, as an orchestrator does
 * that tries again.
 */
export function playerOf(world: World, episode: Episode, { plan, engineOver }: Player) {
  let isReplaced = episode.meanwhile === undefined;
  const producer: Promise<void>[] = [];
  return async (name: string, outside: Outside): Promise<Playing> => {
    const context: PipelineContext = {
      ...outside,
      zone: zoneOver(outside),
      engine: engineOver(outside),
      validator,
      clock: world.clock,
      logger: silentLogger,
      plan,
      tablePrefix: "",
      holder: name,
      leaseSeconds: 30,
      waitForLease: false,
    };
    const { runDate, operation } = episode;
    if (operation !== undefined) return perform(operation, context, `${name}-${runDate}`);
    for (let runs = 1; ; runs++) {
      const report = await run(context, {
        runId: `${name}-${runDate}-${runs}`,
        runDate,
        onStep(step) {
          if (step !== "transform" || isReplaced) return;
          isReplaced = true;
          producer.push(deliver(world.store, episode.meanwhile ?? {}));
        },
      });
      await Promise.all(producer);
      if (report.status === "failed" || report.status === "nothing-to-do") return { report, runs };
      if (runs === MOST_RUNS) throw new Error(`Run ${runs} still found something to do.`);
    }
  };
}

async function perform(operation: Perform, context: PipelineContext, id: string): Promise<Playing> {
  try {
    await operation(context, id);
    return { report: { status: "succeeded", error: null }, runs: 0 };
  } catch (error) {
    return { report: { status: "failed", error: toFault(error) }, runs: 0 };
  }
}
