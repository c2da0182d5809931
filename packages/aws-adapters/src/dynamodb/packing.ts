import { type KpiRow, type TableSpec, ToplineError } from "@topline/core";
import { type TransactionItem, WRITES_PER_TRANSACTION } from "./fence.ts";

/** One write of a date, and the lists that a reader would see change by it. */
export interface Change {
  readonly write: TransactionItem;
  /** One; two when an item moves from one list to another. */
  readonly lists: readonly string[];
  readonly bytes: number;
}

/** DynamoDB takes 4 MB in a transaction. */
const BYTES_PER_TRANSACTION = 3_500_000;

/** The list that a row belongs to, as text that no other list has. */
export function listOf({ list }: Pick<TableSpec, "list">, row: KpiRow): string {
  const values = list.map((column) => row[column] ?? null);
  return JSON.stringify(values.map((value) => [typeof value, String(value)]));
}

/**
 * Splits the changes of a date into transactions, none of which holds a part of a list's changes.
 *
 * @throws {ToplineError} `LIST_TOO_LARGE`
 */
export function packTransactions(
  table: Pick<TableSpec, "name" | "list">,
  date: string,
  changes: readonly Change[],
): TransactionItem[][] {
  const transactions: TransactionItem[][] = [];
  let current: TransactionItem[] = [];
  let bytes = 0;
  for (const group of together(changes)) {
    const size = group.reduce((sum, change) => sum + change.bytes, 0);
    if (group.length > WRITES_PER_TRANSACTION || size > BYTES_PER_TRANSACTION) {
      throw tooLarge(table, date, group, size);
    }
    if (
      current.length + group.length > WRITES_PER_TRANSACTION ||
      bytes + size > BYTES_PER_TRANSACTION
    ) {
      transactions.push(current);
      current = [];
      bytes = 0;
    }
    current.push(...group.map((change) => change.write));
    bytes += size;
  }
  if (current.length > 0) transactions.push(current);
  return transactions;
}

/** Groups of changes that share a list, directly or through others; in order of first appearance. */
function together(changes: readonly Change[]): Change[][] {
  const leaders = new Map<string, string>();
  const leaderOf = (list: string): string => {
    let leader = list;
    for (let next = leaders.get(leader); next !== undefined; next = leaders.get(leader)) {
      leader = next;
    }
    return leader;
  };
  for (const { lists } of changes) {
    const [first, ...others] = lists.map(leaderOf);
    for (const other of others) if (other !== first) leaders.set(other, first ?? other);
  }
  return [...Map.groupBy(changes, ({ lists }) => leaderOf(lists[0] ?? "")).values()];
}

function tooLarge(
  { name, list }: Pick<TableSpec, "name" | "list">,
  date: string,
  group: readonly Change[],
  bytes: number,
): ToplineError {
  const what =
    list.length === 0
      ? "the date's one list"
      : `the list with (${list.join(", ")}) = ${group[0]?.lists[0] ?? ""}`;
  return new ToplineError(
    "LIST_TOO_LARGE",
    `${name}, date ${date}: ${what} has ${group.length} changed items of ${bytes} bytes, and a transaction takes ${WRITES_PER_TRANSACTION} and ${BYTES_PER_TRANSACTION} bytes. Nothing of the date was written. Make the relation yield fewer rows a list, or name columns in the table's \`list\` that split it.`,
  );
}
