import { DATASETS } from "../datasets.ts";
import { missingDatasets, readInbox } from "./inbox.ts";
import type { PipelineContext } from "./ports.ts";
import { type DetectResult, recordPart } from "./step-part.ts";

/**
 * What lies in the inbox, told by its keys alone. Changes nothing, so it takes no lease, and looks anew at
 * every call; a look that finds something to do is kept as the run's part.
 */
export async function detect(context: PipelineContext, runId?: string): Promise<DetectResult> {
  const look = async (): Promise<DetectResult> => {
    const { store, zone, ledger, signal } = context;
    const { arrivals, ignored } = await readInbox(store, signal);
    const open = await ledger.openRun();
    const missing = await missingDatasets(
      zone,
      arrivals.map((arrival) => arrival.dataset),
    );
    const keys = DATASETS.map((dataset) => [
      dataset,
      arrivals.filter((arrival) => arrival.dataset === dataset).map((arrival) => arrival.key),
    ]);
    return {
      status: arrivals.length === 0 ? "empty" : missing.length > 0 ? "waiting" : "ready",
      waiting_for: arrivals.length === 0 ? [] : missing,
      arrivals: Object.fromEntries(keys) as DetectResult["arrivals"],
      ignored: [...ignored],
      open_run: open ?? null,
    };
  };

  const started = context.clock.now();
  const found = await look();
  if (runId === undefined || found.status !== "ready") return found;
  return recordPart(context, runId, "detect", async () => found, { started });
}
