import { versionsOf, pinZone } from "../pipeline/pin.ts";
import type { PipelineContext } from "../pipeline/ports.ts";
import { publishDates } from "../pipeline/publish.ts";
import { datesOfZoneAndTables } from "../pipeline/stale.ts";
import { operate, type OperationOptions, outcomeOf } from "./operation.ts";
import type { OperationReport } from "./report.ts";

/** Dates as `YYYY-MM-DD`, both of a range included. */
export type RebuildDates =
  | { readonly date: string }
  | { readonly from: string; readonly to: string }
  | "all";

export interface RebuildOptions extends OperationOptions {
  readonly dates: RebuildDates;
}

/**
 * Computes dates anew from the zone under today's plan, and writes what differs from the items that are there,
 * whatever the cursor says. The cursor moves where every date was computed, and stays otherwise: what it says of the
 * other dates is as true as before.
 *
 * @throws {ToplineError} `RUN_OPEN`; `AUDIT_FAILED`
 */
export function rebuild(
  ports: PipelineContext,
  { dates: wanted, ...options }: RebuildOptions,
): Promise<OperationReport> {
  return operate(ports, "rebuild", options, async ({ context, held, session }) => {
    const { zone, plan, ledger, logger } = context;
    const pin = await pinZone(zone);
    const dates =
      wanted !== "all" && "date" in wanted
        ? [wanted.date]
        : (await datesOfZoneAndTables(context, plan, pin)).filter((date) => isWanted(wanted, date));
    logger.info(`${dates.length} dates to compute`, { dates: dates.length });
    const published = await publishDates(context, held, session, { plan, pin, dates });
    if (wanted === "all") {
      await held.verify();
      await ledger.moveCursor({ zone: versionsOf(pin), planHash: plan.hash }, held.lease);
    }
    return outcomeOf(published);
  });
}

const isWanted = (wanted: RebuildDates, date: string): boolean =>
  wanted === "all" || ("from" in wanted && wanted.from <= date && date <= wanted.to);
