import { ToplineError } from "../errors.ts";
import { compareCodePoints } from "../code-points.ts";
import type { Plan } from "../plan.ts";
import type { EngineSession, ZoneFiles } from "../ports/engine.ts";
import type { Cursor } from "../ports/run-ledger.ts";
import type { Zone } from "../ports/zone.ts";
import { type Pin, versionsOf } from "./pin.ts";
import type { PipelineContext } from "./ports.ts";

/** Which dates the KPI tables do not show as the zone and the plan have them, and why. */

/**
 * `changed-listens`: files of the date came or went since the cursor. `changed-catalogue`: rows of the reference views
 * changed that its listens refer to. The others make every date stale.
 */
export type StaleReason =
  | "no-cursor"
  | "changed-plan"
  | "unreadable-versions"
  | "changed-listens"
  | "changed-catalogue";

export interface StaleDate {
  readonly date: string;
  readonly reasons: readonly StaleReason[];
}

interface Question {
  readonly plan: Plan;
  /** What the tables show. */
  readonly from: Cursor | undefined;
  readonly pin: Pin;
  /** Asked only where the reference tables changed under an unchanged plan: it reads data files. */
  readonly datesTouched: EngineSession["datesTouched"];
}

type Reference = Plan["reads"][number];

type Context = Pick<PipelineContext, "zone" | "kpis" | "logger">;

/** The dates whose items may differ between the cursor and the pin, ascending. */
export async function staleDates(context: Context, question: Question): Promise<StaleDate[]> {
  const { plan, from, pin } = question;
  if (from === undefined) return everyDate(context, plan, pin, "no-cursor");
  if (from.planHash !== plan.hash) return everyDate(context, plan, pin, "changed-plan");
  try {
    const listened = await datesListened(context.zone, from.zone.streams, pin.streams.version);
    const touched = await datesTouched(context.zone, from, question);
    return [...new Set([...listened, ...touched])].sort(compareCodePoints).map((date) => {
      const reasons: StaleReason[] = [];
      if (listened.has(date)) reasons.push("changed-listens");
      if (touched.has(date)) reasons.push("changed-catalogue");
      return { date, reasons };
    });
  } catch (error) {
    // Where a log still tells a version, a vacuum may have removed its files.
    if (!ToplineError.is(error, "VERSION_UNREADABLE", "OBJECT_NOT_FOUND")) throw error;
    context.logger.warn("The zone no longer tells what was published: every date is computed");
    return everyDate(context, plan, pin, "unreadable-versions");
  }
}

/** Whether the KPI tables show the zone as it is, under this plan. An empty zone has nothing to show. */
export function isPublished(cursor: Cursor | undefined, plan: Plan, pin: Pin): boolean {
  const zone = versionsOf(pin);
  if (cursor === undefined) return Object.values(zone).every((version) => version < 0);
  return (
    cursor.planHash === plan.hash &&
    cursor.zone.songs === zone.songs &&
    cursor.zone.users === zone.users &&
    cursor.zone.streams === zone.streams
  );
}

export const zoneFiles = (pin: Pin): ZoneFiles => ({
  songs: pin.songs.files,
  users: pin.users.files,
  streams: pin.streams.files,
});

async function everyDate(
  { kpis }: Context,
  plan: Plan,
  pin: Pin,
  reason: StaleReason,
): Promise<StaleDate[]> {
  const dates = await datesOfZoneAndTables({ kpis }, plan, pin);
  return dates.map((date) => ({ date, reasons: [reason] }));
}

/** Ascending. */
export async function datesOfZoneAndTables(
  { kpis }: Pick<Context, "kpis">,
  plan: Plan,
  pin: Pin,
): Promise<string[]> {
  const dates = new Set(pin.streams.files.map((file) => file.partition["date"] ?? ""));
  for (const table of plan.tables) for await (const date of kpis.dates(table)) dates.add(date);
  dates.delete("");
  return [...dates].sort(compareCodePoints);
}

async function datesListened(zone: Zone, from: number, to: number): Promise<Set<string>> {
  const commits = await zone.commits("streams", from, to);
  const dates = new Set<string>();
  for (const { dataChange, added, removed } of commits) {
    if (!dataChange) continue;
    for (const file of [...added, ...removed]) dates.add(file.partition["date"] ?? "");
  }
  dates.delete("");
  return dates;
}

async function datesTouched(
  zone: Zone,
  from: Cursor,
  { plan, pin, datesTouched }: Question,
): Promise<Set<string>> {
  const changed: Reference[] = [];
  for (const view of plan.reads) {
    if (await hasChanged(zone, view, from.zone[view], pin[view].version)) changed.push(view);
  }
  if (changed.length === 0) return new Set();
  const before = {
    songs: (await zone.snapshot("songs", from.zone.songs)).files,
    users: (await zone.snapshot("users", from.zone.users)).files,
  };
  return new Set(await datesTouched(before, zoneFiles(pin), changed));
}

/** Whether rows came or went: after a compaction the same rows lie in other files. */
async function hasChanged(zone: Zone, view: Reference, from: number, to: number): Promise<boolean> {
  if (from === to) return false;
  return (await zone.commits(view, from, to)).some(({ dataChange }) => dataChange);
}
