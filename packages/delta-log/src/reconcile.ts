import { corrupt } from "./actions.ts";
import type { CheckpointRow } from "./checkpoint-codec.ts";
import { fromLogPath } from "./paths.ts";

/**
 * Which of a log's actions still say something (PROTOCOL.md, "Action Reconciliation"). They stay as they were
 * written: what other writers said beyond Topline's own is theirs, and is kept.
 */

type Fields = Readonly<Record<string, unknown>>;

export class Reconciliation {
  #protocol: Fields | undefined;
  #metadata: Fields | undefined;
  /** By application. */
  readonly #transactions = new Map<string, Fields>();
  /** By path. */
  readonly #live = new Map<string, Fields>();
  readonly #gone = new Map<string, Fields>();
  #isExact = true;

  /** @param where the row was read, for messages */
  apply(where: string, row: unknown): void {
    if (!isFields(row)) throw corrupt(where, "an action is no object");
    const { protocol, metaData, txn, add, remove } = row;
    if (isFields(protocol)) this.#protocol = protocol;
    if (isFields(metaData)) this.#metadata = metaData;
    if (isFields(txn)) {
      this.#transactions.set(String(txn["appId"]), txn);
      this.#isExact &&= Number.isSafeInteger(txn["version"]);
    }
    if (isFields(remove)) {
      const path = pathOf(where, remove);
      this.#live.delete(path);
      this.#gone.set(path, remove);
    }
    if (isFields(add)) {
      const path = pathOf(where, add);
      this.#gone.delete(path);
      this.#live.set(path, add);
    }
  }

  get protocol(): Fields | undefined {
    return this.#protocol;
  }

  get metadata(): Fields | undefined {
    return this.#metadata;
  }

  /** False where another application's version is beyond 2^53, and so not as it was written. */
  get isExact(): boolean {
    return this.#isExact;
  }

  get live(): number {
    return this.#live.size;
  }

  /** @param since epoch milliseconds: files that were removed before are no longer told of */
  rows(since: number): CheckpointRow[] {
    const rows: CheckpointRow[] = [];
    if (this.#protocol !== undefined) rows.push({ protocol: this.#protocol });
    if (this.#metadata !== undefined) rows.push({ metaData: this.#metadata });
    for (const txn of this.#transactions.values()) rows.push({ txn });
    for (const remove of this.#gone.values()) {
      // One that does not say when it was made may have been made now.
      if (Number(remove["deletionTimestamp"] ?? Number.POSITIVE_INFINITY) < since) continue;
      rows.push({ remove: { ...remove, dataChange: false } });
    }
    for (const add of this.#live.values()) rows.push({ add: { ...add, dataChange: false } });
    return rows;
  }
}

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;

/** Writers may spell one path in several ways. */
function pathOf(where: string, { path }: Fields): string {
  const found = typeof path === "string" ? fromLogPath(path) : undefined;
  if (found === undefined) throw corrupt(where, `${JSON.stringify(path)} is no path of a file`);
  return found;
}
