import { inputFolder, manifestKey, planKey, RUNS } from "../layout.ts";
import type { Operation } from "./operation.ts";
import type { Leftover } from "./report.ts";

/**
 * Removes what runs have left behind that were cut off: input copies whose run never came to be open, or was over when
 * they were made, and the scratch files of Spark jobs. While no run is open, all of these are nobody's.
 */
export async function removeLeftovers({ context, held }: Operation): Promise<Leftover[]> {
  const { store, ledger, logger } = context;
  const leftovers: Leftover[] = [];
  for (const [run_id, keys] of await leftKeys({ context, held })) {
    await held.verify();
    if ((await ledger.get(run_id)) === undefined) {
      // The manifest first: without its copies nobody could go on with it.
      await store.delete(manifestKey(run_id));
      await store.delete(planKey(run_id));
    }
    for (const key of keys) await store.delete(key);
    leftovers.push({ run_id, objects: keys.length });
    logger.info(`Removed ${keys.length} objects that ${run_id} had left`);
  }
  return leftovers;
}

/** By run; a job's scratch folder has a name like a run's. */
async function leftKeys({
  context,
  held,
}: Pick<Operation, "context" | "held">): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for await (const { key } of context.store.list(RUNS, { signal: held.signal })) {
    const runId = key.slice(RUNS.length).split("/")[0] ?? "";
    if (!key.startsWith(inputFolder(runId)) && !isScratch(key)) continue;
    found.set(runId, [...(found.get(runId) ?? []), key]);
  }
  return found;
}

/** Where a Spark job writes rows before they are files of the zone, and copies files with odd names. */
const isScratch = (key: string): boolean =>
  /^runs\/([^/]+\/rows\/(users|songs|streams)|spark-[0-9a-f]{32}\/zone)\//.test(key);
