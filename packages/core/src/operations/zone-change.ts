import type { Dataset } from "../datasets.ts";
import type { DataFile, ZoneActions, ZoneSnapshot } from "../ports/zone.ts";
import type { Operation } from "./operation.ts";
import type { ZoneChange } from "./report.ts";

type Change = Pick<ZoneActions, "add" | "remove">;

export interface ChangeOptions {
  /** As the commit names it. Default: as the operation is called. */
  readonly operation?: string;
  /** False where the set of rows stays as it is. Default true. */
  readonly dataChange?: boolean;
}

/**
 * Commits to a table what `decide` makes of its newest state; after a lost race it is asked again, with another stem
 * for the files that it writes.
 * @returns undefined where nothing was to be committed
 */
export async function changeTable(
  { context, name, id, held, stem }: Operation,
  table: Dataset,
  decide: (latest: ZoneSnapshot, stem: string) => Promise<Change>,
  { operation = name, dataChange = true }: ChangeOptions = {},
): Promise<ZoneChange | undefined> {
  const { zone, engine, plan, clock, logger } = context;
  await held.verify();
  const { version: since } = await zone.snapshot(table);
  let attempts = 0;
  let decided: Change | undefined;
  const version = await zone.commit(table, {
    info: {
      runId: id,
      operation,
      engine: engine.name,
      planHash: plan.hash,
      timestamp: clock.now().getTime(),
    },
    fence: held.lease.token,
    since,
    async decide(latest) {
      held.signal.throwIfAborted();
      attempts += 1;
      const leaving = await decide(latest, attempts === 1 ? stem : `${stem}-${attempts}`);
      const isChange = leaving.add.length > 0 || leaving.remove.length > 0;
      decided = isChange ? leaving : undefined;
      return decided && { ...decided, dataChange };
    },
  });
  if (decided === undefined) return undefined;
  const { add, remove } = decided;
  const change: ZoneChange = {
    table,
    operation,
    version,
    files_added: add.length,
    files_removed: remove.length,
    rows_added: rowsOf(add),
    rows_removed: rowsOf(remove),
  };
  logger.info(`Committed version ${version} of ${table}`, { ...change });
  return change;
}

export const rowsOf = (files: readonly DataFile[]): bigint =>
  files.reduce((sum, { records }) => sum + records, 0n);
