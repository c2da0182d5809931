import { DATASETS } from "../datasets.ts";
import { pinZone, versionsOf } from "../pipeline/pin.ts";
import type { PipelineContext } from "../pipeline/ports.ts";
import { type Published, publish } from "../pipeline/publish.ts";
import { isPublished } from "../pipeline/stale.ts";
import { removeLeftovers } from "./leftovers.ts";
import { type Operation, operate, type OperationOptions, outcomeOf } from "./operation.ts";
import type { Checkpointed, MaintainReport, ZoneChange } from "./report.ts";
import { fenceSuperfluous, removeSuperfluous } from "./vacuum.ts";
import { changeTable } from "./zone-change.ts";

export interface MaintainOptions extends OperationOptions {
  /**
   * For how many days, of 24 hours, the zone's past versions stay readable. 0: only what is live stays; whoever reads
   * an older version meanwhile fails. Default 7.
   */
  readonly retentionDays?: number;
}

export const DEFAULT_RETENTION_DAYS = 7;
const DAY_MS = 86_400_000;

/**
 * Keeps the zone small and quick to open; no figure changes. Writes the many files of a date as one, publishes (which
 * finds nothing stale in that), writes checkpoints, removes data files that no version within the retention needs,
 * and what runs have left behind that were cut off.
 *
 * @throws {ToplineError} `RUN_OPEN`; `AUDIT_FAILED`
 */
export function maintain(
  ports: PipelineContext,
  { retentionDays = DEFAULT_RETENTION_DAYS, ...options }: MaintainOptions,
): Promise<MaintainReport> {
  return operate(ports, "maintain", options, async (operation) => {
    const { context } = operation;
    const changes = await compact(operation);
    const since = new Date(context.clock.now().getTime() - retentionDays * DAY_MS);
    await fenceSuperfluous(operation, since);
    const published = await publishIfStale(operation);
    const checkpoints = await checkpoint(operation);
    return {
      ...outcomeOf(published, changes),
      retained_since: since.toISOString(),
      checkpoints,
      vacuumed: await removeSuperfluous(operation, since),
      leftovers: await removeLeftovers(operation),
    };
  });
}

async function compact(operation: Operation): Promise<ZoneChange[]> {
  const { session } = operation;
  const changes: ZoneChange[] = [];
  for (const table of DATASETS) {
    const rewrite = { operation: "compact", dataChange: false };
    const change = await changeTable(
      operation,
      table,
      ({ files }, stem) => session.compact(table, files, { stem }),
      rewrite,
    );
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

async function publishIfStale({ context, held, session }: Operation): Promise<Published> {
  const { zone, ledger, plan } = context;
  const pin = await pinZone(zone);
  const cursor = await ledger.cursor();
  if (!isPublished(cursor, plan, pin)) return publish(context, held, session, plan, cursor);
  return { dates: [], tables: [], zone: versionsOf(pin) };
}

async function checkpoint({ context, held }: Operation): Promise<Checkpointed[]> {
  const { zone, clock } = context;
  const written: Checkpointed[] = [];
  for (const table of DATASETS) {
    held.signal.throwIfAborted();
    const version = await zone.checkpoint(table, clock.now());
    if (version !== undefined) written.push({ table, version });
  }
  return written;
}
