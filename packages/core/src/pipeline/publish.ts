import type { Dataset } from "../datasets.ts";
import { ToplineError } from "../errors.ts";
import { compareCodePoints } from "../kpis.ts";
import type { Manifest } from "../manifest.ts";
import type { Plan } from "../plan.ts";
import type { AuditViolation, EngineSession, ZoneFiles } from "../ports/engine.ts";
import type { Cursor } from "../ports/run-ledger.ts";
import type { Zone } from "../ports/zone.ts";
import type { DateFigures, TableReport } from "../report.ts";
import type { HeldLease } from "./lease.ts";
import { type Pin, pinZone, versionsOf } from "./pin.ts";
import type { PipelineContext } from "./ports.ts";

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
  const { kpis, ledger, logger, zone, tablePrefix } = context;
  const pin = await pinZone(zone);
  const dates = await staleDates(context, session, plan, from, pin);
  logger.info(`${dates.length} dates to compute`, { dates: dates.length });

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
  await held.verify();
  await ledger.moveCursor({ zone: versionsOf(pin), planHash: plan.hash }, held.lease);
  return { dates: [...figures], tables, zone: versionsOf(pin) };
}

export const cursorOf = ({ cursor }: Manifest): Cursor | undefined =>
  cursor === null ? undefined : { zone: cursor.zone, planHash: cursor.plan_hash };

const zoneFiles = (pin: Pin): ZoneFiles => ({
  songs: pin.songs.files,
  users: pin.users.files,
  streams: pin.streams.files,
});

/** The dates whose items may differ between the cursor and the pin, ascending. */
async function staleDates(
  context: PipelineContext,
  session: EngineSession,
  plan: Plan,
  from: Cursor | undefined,
  pin: Pin,
): Promise<string[]> {
  if (from === undefined || from.planHash !== plan.hash) return everyDate(context, plan, pin);
  try {
    const listened = await datesListened(context.zone, from.zone.streams, pin.streams.version);
    const touched = await datesTouched(context.zone, session, plan, from, pin);
    return ascending([...listened, ...touched]);
  } catch (error) {
    if (!ToplineError.is(error, "VERSION_UNREADABLE")) throw error;
    context.logger.warn("The zone no longer tells what was published: every date is computed");
    return everyDate(context, plan, pin);
  }
}

async function everyDate({ kpis }: PipelineContext, plan: Plan, pin: Pin): Promise<string[]> {
  const dates = new Set(pin.streams.files.map((file) => file.partition["date"] ?? ""));
  for (const table of plan.tables) for await (const date of kpis.dates(table)) dates.add(date);
  return ascending(dates);
}

async function datesListened(zone: Zone, from: number, to: number): Promise<string[]> {
  const commits = await zone.commits("streams", from, to);
  const dates: string[] = [];
  for (const { dataChange, added, removed } of commits) {
    if (!dataChange) continue;
    for (const file of [...added, ...removed]) dates.push(file.partition["date"] ?? "");
  }
  return dates;
}

async function datesTouched(
  zone: Zone,
  session: EngineSession,
  plan: Plan,
  from: Cursor,
  pin: Pin,
): Promise<readonly string[]> {
  const changed = plan.reads.filter((view) => from.zone[view] !== pin[view].version);
  if (changed.length === 0) return [];
  const before = {
    songs: (await zone.snapshot("songs", from.zone.songs)).files,
    users: (await zone.snapshot("users", from.zone.users)).files,
  };
  return session.datesTouched(before, zoneFiles(pin), changed);
}

const ascending = (dates: Iterable<string>): string[] =>
  [...new Set(dates)].filter((date) => date !== "").sort(compareCodePoints);

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
