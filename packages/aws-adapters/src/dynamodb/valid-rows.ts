import {
  type KpiColumn,
  type KpiRow,
  type KpiValue,
  type TableSpec,
  ToplineError,
} from "@topline/core";
import { itemBytes, itemOf, utf8Length } from "./rows.ts";

/** DynamoDB's limits, in bytes. */
const PARTITION_KEY_BYTES = 2_048;
const SORT_KEY_BYTES = 1_024;
const ITEM_BYTES = 400_000;
/** DynamoDB's numbers have 38 digits; magnitudes from 1E-130 to under 1E+126. */
const INTEGER_LIMIT = 10n ** 38n;
const LEAST_DOUBLE = 1e-130;
const DOUBLE_LIMIT = 1e126;

/**
 * The rows of a date as DynamoDB can keep them, without nulls, by sort key.
 *
 * @throws {ToplineError} `DUPLICATE_KEY`; `RELATION_INVALID` for a row that is no item of the table
 */
export function validRows(
  table: TableSpec,
  date: string,
  rows: readonly KpiRow[],
): Map<KpiValue, KpiRow> {
  const byKey = new Map<KpiValue, KpiRow>();
  for (const given of rows) {
    const row = validRow(table, date, given);
    const key = row[table.sortKey] ?? null;
    if (byKey.has(key)) {
      throw new ToplineError(
        "DUPLICATE_KEY",
        `Relation ${table.relation} has two rows for ${table.name}, date ${date}, ${table.sortKey} ${show(key)}. Nothing of the date was written. Each row of a relation must have a key of its own.`,
      );
    }
    byKey.set(key, row);
  }
  return byKey;
}

function validRow(table: TableSpec, date: string, given: KpiRow): KpiRow {
  const invalid = (what: string) =>
    new ToplineError(
      "RELATION_INVALID",
      `Relation ${table.relation} yields a row that ${table.name} cannot hold (date ${date}, ${table.sortKey} ${show(given[table.sortKey] ?? null)}): ${what}. Nothing of the date was written.`,
    );
  const known = new Set(table.columns.map((column) => column.name));
  const unknown = Object.keys(given).find((name) => !known.has(name));
  if (unknown !== undefined) throw invalid(`column ${unknown} is not in the table's spec`);
  if (given["date"] !== date) {
    throw invalid(`its date is ${show(given["date"] ?? null)}, not the one being published`);
  }
  const values: [string, string | bigint | number][] = [];
  for (const column of table.columns) {
    const value = given[column.name] ?? null;
    const fault = faultOfValue(column, value) ?? faultOfKey(table, column.name, value);
    if (fault !== undefined) throw invalid(`${column.name} ${fault}`);
    if (value !== null) values.push([column.name, value === 0 ? 0 : value]);
  }
  const row = Object.fromEntries(values);
  if (itemBytes(itemOf(row)) > ITEM_BYTES)
    throw invalid("it is larger than an item may be, 400 KB");
  return row;
}

function faultOfValue({ type }: KpiColumn, value: KpiValue): string | undefined {
  if (value === null) return undefined;
  if (type === "string") {
    if (typeof value !== "string") return `is ${show(value)}, not text`;
    return value.isWellFormed() ? undefined : "holds half a surrogate pair, which is no text";
  }
  if (type === "integer") {
    if (typeof value !== "bigint") return `is ${show(value)}, not a bigint`;
    return value < INTEGER_LIMIT && value > -INTEGER_LIMIT
      ? undefined
      : `has ${String(value).replace("-", "").length} digits; DynamoDB keeps 38`;
  }
  if (typeof value !== "number") return `is ${show(value)}, not a double`;
  const size = Math.abs(value);
  return size === 0 || (size >= LEAST_DOUBLE && size < DOUBLE_LIMIT)
    ? undefined
    : `is ${value}; DynamoDB keeps magnitudes from 1E-130 to 1E+126`;
}

/** Keys of the table and of its indexes; an item without an index's key is not in that index. */
function faultOfKey(table: TableSpec, name: string, value: KpiValue): string | undefined {
  const isSortKey = name === table.sortKey;
  if (value === null) {
    return isSortKey ? "is absent, and it is the sort key" : undefined;
  }
  if (typeof value !== "string") return undefined;
  const isPartitionKey =
    name === "date" || table.indexes.some((index) => index.partitionKey === name);
  const sorts = isSortKey || table.indexes.some((index) => index.sortKey === name);
  if (!isPartitionKey && !sorts) return undefined;
  if (value === "") return "is empty, and it is part of a key";
  const limit = sorts ? SORT_KEY_BYTES : PARTITION_KEY_BYTES;
  const bytes = utf8Length(value);
  return bytes > limit
    ? `has ${bytes} bytes in UTF-8, and as part of a key may have ${limit}`
    : undefined;
}

function show(value: KpiValue): string {
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}
