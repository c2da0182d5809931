import type { Dataset } from "../datasets.ts";
import type { Leaving } from "../ports/engine.ts";
import type { DataFile, ZoneSnapshot } from "../ports/zone.ts";
import type { Operation } from "./operation.ts";
import type { ZoneChange } from "./report.ts";

/**
 * Commits to a table what `decide` makes of its newest state; after a lost race it is asked again, with another stem
 * for the files that it writes.
 * @returns undefined where nothing was to be committed
 */
export async function changeTable(
  { context, name, id, held, stem }: Operation,
  table: Dataset,
  decide: (latest: ZoneSnapshot, stem: string) => Promise<Leaving>,
): Promise<ZoneChange | undefined> {
  const { zone, engine, plan, clock, logger } = context;
  await held.verify();
  const { version: since } = await zone.snapshot(table);
  let attempts = 0;
  let decided: Leaving | undefined;
  const version = await zone.commit(table, {
    info: {
      runId: id,
      operation: name,
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
      return decided && { ...decided, dataChange: true };
    },
  });
  if (decided === undefined) return undefined;
  const { add, remove } = decided;
  const change: ZoneChange = {
    table,
    operation: name,
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
