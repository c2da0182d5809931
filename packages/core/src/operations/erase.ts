import { ToplineError } from "../errors.ts";
import { INBOX, REJECTED } from "../layout.ts";
import type { PipelineContext } from "../pipeline/ports.ts";
import { publish } from "../pipeline/publish.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { UserRecords } from "../ports/user-records.ts";
import { eraseFromArchive } from "./erase-archive.ts";
import { eraseFromQuarantine } from "./erase-quarantine.ts";
import { removeLeftovers } from "./leftovers.ts";
import { operate, type Operation, type OperationOptions, outcomeOf } from "./operation.ts";
import type { EraseReport, Remains, ZoneChange } from "./report.ts";
import { fenceSuperfluous, removeSuperfluous } from "./vacuum.ts";
import { changeTable } from "./zone-change.ts";

export interface EraseOptions extends OperationOptions {
  readonly userId: string;
  /** How a user's records are found in raw files: `userRecords` of `@topline/validators`. */
  readonly records: UserRecords;
}

/** The tables that have rows of users. */
const TABLES = ["users", "streams"] as const;

/** Later than all that is or will be written: no past version is retained. */
const NO_RETENTION = new Date(8.64e15);

/**
 * Takes a user out of the archive's copies, the quarantine and the zone, publishes, and removes every data file that
 * is not live. What can bring rows back goes first: cut off anywhere, and done again, no row of the user comes to be
 * anew. Until the end past versions of the zone hold the user still.
 *
 * @throws {ToplineError} `USAGE`; `RUN_OPEN`; `AUDIT_FAILED`
 */
export async function erase(
  ports: PipelineContext,
  { userId, records, ...options }: EraseOptions,
): Promise<EraseReport> {
  if (userId === "" || /^[ \t]|[ \t]$/.test(userId)) {
    throw new ToplineError(
      "USAGE",
      `${JSON.stringify(userId)} is no user id: none is empty, or has a blank at an end.`,
    );
  }
  return operate(ports, "erase", options, async (operation) => {
    const { context, held, session } = operation;
    const { store, ledger, plan } = context;
    const { archive, heads, warnings } = await eraseFromArchive(operation, userId, records);
    const quarantine = await eraseFromQuarantine(operation, userId, records, heads);
    const { rows, changes } = await eraseFromZone(operation, userId);
    await fenceSuperfluous(operation, NO_RETENTION);
    const published = await publish(context, held, session, plan, await ledger.cursor());
    return {
      user_id: userId,
      archive,
      quarantine,
      rows,
      ...outcomeOf(published, changes, warnings),
      vacuumed: await removeSuperfluous(operation, NO_RETENTION),
      leftovers: await removeLeftovers(operation),
      remains: await remainsOf(store),
    };
  });
}

async function eraseFromZone(operation: Operation, userId: string) {
  const choice = { column: "user_id", values: [userId] } as const;
  const rows = { users: 0n, streams: 0n };
  const changes: ZoneChange[] = [];
  for (const table of TABLES) {
    const change = await changeTable(operation, table, ({ files }, stem) =>
      operation.session.withoutRows(table, files, choice, { stem }),
    );
    if (change === undefined) continue;
    rows[table] = change.rows_removed - change.rows_added;
    changes.push(change);
  }
  return { rows, changes };
}

const remainsOf = async (store: ObjectStore): Promise<Remains[]> => [
  { place: "inbox", objects: await objectsUnder(store, INBOX) },
  { place: "rejected", objects: await objectsUnder(store, REJECTED) },
  { place: "object-versions", objects: null },
  { place: "backups", objects: null },
];

async function objectsUnder(store: ObjectStore, prefix: string): Promise<number> {
  let objects = 0;
  for await (const _ of store.list(prefix)) objects += 1;
  return objects;
}
