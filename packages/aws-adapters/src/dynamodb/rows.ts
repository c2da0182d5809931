import { NumberValue } from "@aws-sdk/lib-dynamodb";
import {
  type KpiColumn,
  type KpiRow,
  type KpiValue,
  type TableSpec,
  ToplineError,
} from "@topline/core";
import { digitsOf, integerOf, type Item } from "./attributes.ts";

/**
 * Rows as items and back. The types are the columns': DynamoDB has one kind of number, Topline two.
 * What is absent (`null`) is no attribute.
 */

/** Of an attribute; `null` where it is absent, `undefined` where it is not of the column's type. */
export function readValue(type: KpiColumn["type"], attribute: unknown): KpiValue | undefined {
  if (attribute === undefined) return null;
  if (type === "string") return typeof attribute === "string" ? attribute : undefined;
  const digits = digitsOf(attribute);
  if (digits === undefined) return undefined;
  return type === "double" ? Number(digits) : integerOf(digits);
}

/** @throws {ToplineError} `STATE_CORRUPT` when an attribute is not of its column's type */
export function rowOf(table: TableSpec, item: Item): KpiRow {
  const values: [string, KpiValue][] = [];
  for (const { name, type } of table.columns) {
    const value = readValue(type, item[name]);
    if (value === undefined) {
      throw new ToplineError(
        "STATE_CORRUPT",
        `${table.name}, date ${String(item["date"])}: attribute ${name} of an item is not of type ${type}. Publish the date again, or delete the item.`,
      );
    }
    if (value !== null) values.push([name, value]);
  }
  return Object.fromEntries(values);
}

/** Whether the item says what the row says, no more and no less. `row` holds no nulls. */
export function isItemOf(table: TableSpec, row: KpiRow, item: Item): boolean {
  if (Object.keys(item).length !== Object.keys(row).length) return false;
  return table.columns.every(
    ({ name, type }) => readValue(type, item[name]) === (row[name] ?? null),
  );
}

/** `row` holds no nulls. */
export function itemOf(row: KpiRow): Record<string, string | bigint | NumberValue> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      // The shortest text that reads as the same double; at most 17 digits, of DynamoDB's 38.
      typeof value === "number" ? NumberValue.from(String(value)) : (value ?? ""),
    ]),
  );
}

const encoder = new TextEncoder();
export const utf8Length = (text: string): number => encoder.encode(text).byteLength;

/** DynamoDB's size of an item, or a little more. */
export function itemBytes(item: Item): number {
  let bytes = 100;
  for (const [name, value] of Object.entries(item)) {
    bytes += utf8Length(name) + (typeof value === "string" ? utf8Length(value) : 24);
  }
  return bytes;
}
