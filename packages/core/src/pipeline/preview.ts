import type { Dataset } from "../datasets.ts";
import type { Cursor } from "../ports/run-ledger.ts";
import { missingDatasets, readInbox } from "./inbox.ts";
import { type OpenRunPreview, type PlannedAction, readOpenRun } from "./open-run.ts";
import { type Pin, pinZone, versionsOf } from "./pin.ts";
import type { PipelineContext } from "./ports.ts";
import { isPublished, type StaleDate, staleDates } from "./stale.ts";

/**
 * What the next run would do, and why. The names are a contract, as the report's are.
 */
export interface RunPreview {
  /** In their order; none when there is nothing to do. */
  readonly actions: readonly PlannedAction[];
  /** For which datasets, when the run would wait. */
  readonly waiting_for: readonly Dataset[];
  readonly open_run: OpenRunPreview | null;
  readonly inbox: {
    readonly files: readonly InboxFile[];
    /** Keys that are no file of a dataset. */
    readonly ignored: readonly string[];
  };
  /** What the KPI tables show. */
  readonly published: { readonly zone: ZoneVersions; readonly plan_hash: string } | null;
  readonly zone: ZoneVersions;
  readonly plan_hash: string;
  /** The dates that would be computed, as far as they are known, ascending. */
  readonly dates: readonly StaleDate[];
  /** Keys of files whose dates only reading them would tell. */
  readonly dates_unknown_for: readonly string[];
  readonly tables: readonly TablePreview[];
}

type ZoneVersions = Readonly<Record<Dataset, number>>;

export interface InboxFile {
  readonly key: string;
  readonly dataset: Dataset;
  /** Bytes as stored. */
  readonly size: number;
  readonly arrived_at: string;
  /** The open run that has frozen it, and will move it away. */
  readonly run_id: string | null;
}

export interface TablePreview {
  /** With the environment's prefix. */
  readonly table: string;
  /** `write`: what differs from its items, which may be nothing. */
  readonly change: "create" | "write" | "none";
}

export interface PreviewOptions {
  /** Tables that do not exist, with the environment's prefix. */
  readonly missingTables?: readonly string[];
}

/**
 * Looks, and changes nothing: takes no lease, writes nothing, reads no body of an object in the inbox, and so says
 * of its files what their keys say. It reads the zone's log; and, where the catalogue changed under an unchanged plan,
 * the data files that tell which dates that touches, as the run itself would.
 */
export async function preview(
  context: PipelineContext,
  { missingTables = [] }: PreviewOptions = {},
): Promise<RunPreview> {
  const { store, zone, ledger, plan, signal } = context;
  const { arrivals, ignored } = await readInbox(store, signal);
  const cursor = await ledger.cursor();
  const pin = await pinZone(zone);
  const open = await readOpenRun(context);
  const frozen = new Map(open.sources.map(({ key, etag }) => [key, etag]));
  const files = arrivals.map((arrival): InboxFile => {
    const { key, etag, dataset, size, lastModified } = arrival;
    const run_id = frozen.get(key) === etag ? (open.preview?.run_id ?? null) : null;
    return { key, dataset, size, arrived_at: lastModified.toISOString(), run_id };
  });
  const fresh = files.filter(({ run_id }) => run_id === null);

  const isStale = !open.publishes && !isPublished(cursor, plan, pin);
  const bringing = [...open.bringing, ...fresh.map(({ dataset }) => dataset)];
  const missing = fresh.length > 0 || isStale ? await missingDatasets(zone, bringing) : [];
  const next = nextActions(fresh.length > 0, isStale, missing);
  const publishes = open.publishes || next.includes("take-in") || next.includes("publish");
  const dates = publishes ? await datesOf(context, open.publishes ? open.cursor : cursor, pin) : [];
  const unread = [...open.unread, ...(next.includes("take-in") ? fresh : [])].filter(
    ({ dataset }) => dataset === "streams" || plan.reads.includes(dataset),
  );
  return {
    actions: [...open.actions, ...next],
    waiting_for: missing,
    open_run: open.preview,
    inbox: { files, ignored },
    published: cursor === undefined ? null : { zone: cursor.zone, plan_hash: cursor.planHash },
    zone: versionsOf(pin),
    plan_hash: plan.hash,
    dates,
    dates_unknown_for: unread.map(({ key }) => key),
    tables: tablesOf(context, missingTables, dates.length + unread.length > 0),
  };
}

function nextActions(
  hasFiles: boolean,
  isStale: boolean,
  missing: readonly Dataset[],
): PlannedAction[] {
  if (missing.length > 0) return ["wait"];
  if (hasFiles) return ["take-in"];
  return isStale ? ["publish"] : [];
}

async function datesOf(
  context: PipelineContext,
  from: Cursor | undefined,
  pin: Pin,
): Promise<StaleDate[]> {
  const { engine, plan, signal } = context;
  return staleDates(context, {
    plan,
    from,
    pin,
    async datesTouched(...states) {
      await using session = await engine.open(plan, signal === undefined ? {} : { signal });
      return await session.datesTouched(...states);
    },
  });
}

function tablesOf(
  { plan, tablePrefix }: PipelineContext,
  missing: readonly string[],
  isWritten: boolean,
): TablePreview[] {
  const names = plan.tables.map(({ name }) => tablePrefix + name);
  const others = missing.filter((name) => !names.includes(name));
  return [...names, ...others].map((table) => ({
    table,
    change: missing.includes(table) ? "create" : isWritten ? "write" : "none",
  }));
}
