import type { DuckDBDecimalValue, DuckDBValue } from "@duckdb/node-api";
import {
  type KpiColumn,
  type KpiRow,
  type Plan,
  type TableSpec,
  ToplineError,
} from "@topline/core";
import type { Database, Row } from "./database.ts";
import { fromBytes } from "./exact-text.ts";
import { identifier } from "./quoting.ts";

/** Whether a relation yields what its table spec says, and its values as KPI values. */

type Shape = readonly KpiColumn[];

const text = (name: string): KpiColumn => ({ name, type: "string" });
const whole = (name: string): KpiColumn => ({ name, type: "integer" });

/** What the plan takes a relation for: an audit, the figures, the rows of tables; nothing in particular. */
export function shapes(plan: Plan, relation: string): Shape[] {
  if (plan.audits.some(({ name }) => name === relation)) {
    return [[text("audit"), text("date"), text("detail")]];
  }
  if (plan.figures.name === relation) {
    const counts = ["listens", "duplicates", "unknown_tracks", "unknown_users"];
    return [[text("date"), ...counts.map(whole)]];
  }
  return plan.tables.filter((table) => table.relation === relation).map(({ columns }) => columns);
}

const accepts: Readonly<Record<KpiColumn["type"], RegExp>> = {
  string: /^VARCHAR$/,
  integer:
    /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|U(TINYINT|SMALLINT|INTEGER|BIGINT)|DECIMAL\(\d+,0\))$/,
  double: /^DOUBLE$/,
};

/**
 * Types by column of what `rows`, a table's name or a query in brackets, yields.
 * @throws {ToplineError} `ENGINE_FAILED` for a query that does not run
 */
export async function columnsOf(
  db: Database,
  relation: string,
  rows: string,
): Promise<ReadonlyMap<string, string>> {
  const found = await db.rows(`relation ${relation}`, `DESCRIBE FROM ${rows}`);
  return new Map(found.map((row) => [String(row["column_name"]), String(row["column_type"])]));
}

/** @throws {ToplineError} `RELATION_INVALID` when a column is missing or of another type */
export function checkShape(
  relation: string,
  shape: Shape,
  types: ReadonlyMap<string, string>,
): void {
  const wrong = shape.some(({ name, type }) => !accepts[type].test(types.get(name) ?? ""));
  if (!wrong) return;
  const expected = shape.map(({ name, type }) => `${name} ${type}`).join(", ");
  const yields = [...types].map(([name, type]) => `${name} ${type}`).join(", ");
  throw new ToplineError(
    "RELATION_INVALID",
    `Relation ${relation} does not yield the columns that are expected of it. Expected: ${expected} (string: VARCHAR, integer: BIGINT or DECIMAL(n,0), double: DOUBLE). Found: ${yields}.`,
  );
}

/** @throws {ToplineError} `RELATION_INVALID` when a row lacks a part of its key */
export async function checkKeys(db: Database, rows: string, table: TableSpec): Promise<void> {
  const keys = ["date", table.sortKey];
  const lacking = keys.map((key) => {
    const column = identifier(key);
    const isText = table.columns.find(({ name }) => name === key)?.type === "string";
    return isText ? `COALESCE(${column}, '') = ''` : `${column} IS NULL`;
  });
  const [found] = await db.rows(
    `relation ${table.relation}`,
    `SELECT COUNT(*) AS rows FROM ${rows} WHERE ${lacking.join(" OR ")}`,
  );
  if (found?.["rows"] === 0n) return;
  throw new ToplineError(
    "RELATION_INVALID",
    `Relation ${table.relation} yields ${String(found?.["rows"])} rows without a value in ${keys.join(" or ")}, the key of table ${table.name}. Leave such rows out in its SQL.`,
  );
}

/** Integers beyond this many digits are no DynamoDB number. */
const MAX_INTEGER = 10n ** 38n;

/**
 * @param row text columns as bytes
 * @throws {ToplineError} `RELATION_INVALID` for a number that no table can hold
 */
export function kpiRow(table: TableSpec, row: Row): KpiRow {
  const entries = table.columns.map(({ name, type }) => {
    const value = row[name] ?? null;
    if (value === null) return [name, null];
    if (type === "string") return [name, fromBytes(value)];
    const number = type === "integer" ? toInteger(value) : (value as number);
    if (isHeld(number)) return [name, number];
    throw new ToplineError(
      "RELATION_INVALID",
      `Relation ${table.relation} yields ${String(number)} as ${name}; expected a finite number of at most 38 digits.`,
    );
  });
  return Object.fromEntries(entries) as KpiRow;
}

function toInteger(value: DuckDBValue): bigint {
  if (typeof value === "object") return (value as DuckDBDecimalValue).value;
  return BigInt(value);
}

const isHeld = (number: bigint | number) =>
  typeof number === "bigint"
    ? number < MAX_INTEGER && number > -MAX_INTEGER
    : Number.isFinite(number);
