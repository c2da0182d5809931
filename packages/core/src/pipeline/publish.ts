import type { Dataset } from "../datasets.ts";
import { ToplineError } from "../errors.ts";
import type { Manifest } from "../manifest.ts";
import type { Plan } from "../plan.ts";
import type { AuditViolation, EngineSession } from "../ports/engine.ts";
import type { Cursor } from "../ports/run-ledger.ts";
import type { DateFigures, TableReport } from "../report.ts";
import type { HeldLease } from "./lease.ts";
import { type Pin, pinZone, versionsOf } from "./pin.ts";
import type { PipelineContext } from "./ports.ts";
import { staleDates, zoneFiles } from "./stale.ts";

export interface Published {
  readonly dates: DateFigures[];
  readonly tables: TableReport[];
  readonly zone: Record<Dataset, number>;
}

/**
 * Brings the KPI tables to show the zone as it is: finds the dates that differ between `from` and now,
 * recomputes them, audits all of them, writes what changed, and only then moves the cursor. Cut off anywhere
 * it is repeated from the same cursor, and so over the same dates.
 */
export async function publish(
  context: PipelineContext,
  held: HeldLease,
  session: EngineSession,
  plan: Plan,
  from: Cursor | undefined,
): Promise<Published> {
  const { ledger, logger, zone } = context;
  const pin = await pinZone(zone);
  const stale = await staleDates(context, {
    plan,
    from,
    pin,
    datesTouched: (...states) => session.datesTouched(...states),
  });
  const dates = stale.map(({ date }) => date);
  logger.info(`${dates.length} dates to compute`, { dates: dates.length });
  const published = await publishDates(context, held, session, { plan, pin, dates });
  await held.verify();
  await ledger.moveCursor({ zone: versionsOf(pin), planHash: plan.hash }, held.lease);
  return published;
}

interface Publishing {
  readonly plan: Plan;
  readonly pin: Pin;
  readonly dates: readonly string[];
}

/** Has the KPI tables show these dates as the pin and the plan have them. The cursor stays. */
export async function publishDates(
  { kpis, tablePrefix }: Pick<PipelineContext, "kpis" | "tablePrefix">,
  held: HeldLease,
  session: EngineSession,
  { plan, pin, dates }: Publishing,
): Promise<Published> {
  const { figures, violations } = await session.compute(zoneFiles(pin), dates);
  if (violations.length > 0) throw auditFailed(violations);

  const tables: TableReport[] = [];
  for (const table of plan.tables) {
    const report = { table: tablePrefix + table.name, put: 0, deleted: 0, unchanged: 0 };
    for (const date of dates) {
      held.signal.throwIfAborted();
      const rows = await session.rows(table.name, date);
      const counts = await kpis.publish(table, date, rows, held.lease);
      report.put += counts.put;
      report.deleted += counts.deleted;
      report.unchanged += counts.unchanged;
    }
    tables.push(report);
  }
  return { dates: [...figures], tables, zone: versionsOf(pin) };
}

export const cursorOf = ({ cursor }: Pick<Manifest, "cursor">): Cursor | undefined =>
  cursor === null ? undefined : { zone: cursor.zone, planHash: cursor.plan_hash };

function auditFailed(violations: readonly AuditViolation[]): ToplineError {
  const shown = violations
    .slice(0, 5)
    .map(({ audit, date, detail }) => `${audit} on ${date}: ${detail}`)
    .join("; ");
  const more = violations.length > 5 ? ` (and ${violations.length - 5} more)` : "";
  return new ToplineError(
    "AUDIT_FAILED",
    `The computed figures contradict each other, so nothing was published: ${shown}${more}. Mend the relation and run again: the open run goes on under the mended plan.`,
  );
}
