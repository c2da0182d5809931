import { mapConcurrently } from "../concurrency.ts";
import { type Dataset, DATASETS } from "../datasets.ts";
import { zoneFolder } from "../layout.ts";
import type { StoredObject } from "../ports/object-store.ts";
import type { Operation } from "./operation.ts";
import type { Vacuumed } from "./report.ts";

/**
 * Removes what lies in the zone's folders and no version needs that was the newest at some time or later: files that
 * were replaced or taken out before, and files that were written before and never committed.
 *
 * Who was overtaken may still mean to commit a file that it wrote long ago. So first the log takes this operation's
 * token in, after which such a commit is refused; then the cursor follows; only then is anything removed.
 */

const PARALLEL = 8;
/** Objects that are removed upon one look at the lease. */
const BATCH = 100;

/** Has the logs of tables that have something to be removed refuse whoever was there before. To be published then. */
export async function fenceSuperfluous(operation: Operation, since: Date): Promise<void> {
  const { context, name, id, held } = operation;
  const { zone, engine, plan, clock } = context;
  for (const table of DATASETS) {
    if ((await superfluous(operation, table, since)).length === 0) continue;
    const { version } = await zone.snapshot(table);
    await held.verify();
    await zone.commit(table, {
      info: {
        runId: id,
        operation: name,
        engine: engine.name,
        planHash: plan.hash,
        timestamp: clock.now().getTime(),
      },
      fence: held.lease.token,
      since: version,
      decide: ({ fence }) =>
        fence === held.lease.token ? undefined : { add: [], remove: [], dataChange: false },
    });
  }
}

/** Comes after `fenceSuperfluous`, and after the cursor shows the newest versions. */
export async function removeSuperfluous(operation: Operation, since: Date): Promise<Vacuumed[]> {
  const { context, held } = operation;
  const { store, zone, logger } = context;
  const vacuumed: Vacuumed[] = [];
  for (const table of DATASETS) {
    const objects = await superfluous(operation, table, since);
    // What only now came to be superfluous waits for the next time.
    if (objects.length === 0 || (await zone.snapshot(table)).fence !== held.lease.token) continue;
    for (let at = 0; at < objects.length; at += BATCH) {
      await held.verify();
      await mapConcurrently(objects.slice(at, at + BATCH), PARALLEL, ({ key }) =>
        store.delete(key),
      );
    }
    const bytes = objects.reduce((sum, { size }) => sum + BigInt(size), 0n);
    vacuumed.push({ table, files: objects.length, bytes });
    logger.info(`Removed ${objects.length} files of ${table} that no version needs`);
  }
  return vacuumed;
}

async function superfluous(
  { context, held }: Operation,
  table: Dataset,
  since: Date,
): Promise<StoredObject[]> {
  const { store, zone } = context;
  const folder = zoneFolder(table);
  const found: StoredObject[] = [];
  const old = store.list(folder, { signal: held.signal });
  for await (const object of old) {
    const path = object.key.slice(folder.length);
    if (!isHidden(path) && object.lastModified.getTime() < since.getTime()) found.push(object);
  }
  if (found.length === 0) return [];
  const needed = await zone.needed(table, since);
  return found.filter(({ key }) => !needed.has(key.slice(folder.length)));
}

/** By the custom of Delta's writers: the log, and what they keep beside the data. A partition may be named so. */
const isHidden = (path: string): boolean =>
  path.split("/").some((part) => /^[._]/.test(part) && !part.includes("="));
