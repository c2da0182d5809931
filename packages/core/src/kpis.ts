import { z } from "zod";
import { compareCodePoints } from "./code-points.ts";

/**
 * What is published: the rows of a relation as the items of a DynamoDB table.
 * The figures themselves are SQL, in `@topline/kpi-engine`.
 */

export const kpiColumnSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,126}$/),
  /** `integer`: exact at any size up to 38 digits; `double`: an IEEE double. */
  type: z.enum(["string", "integer", "double"]),
});

export const tableSpecSchema = z.strictObject({
  /** Without the environment's prefix. */
  name: z.string().regex(/^[A-Z][A-Z0-9_]{2,99}$/),
  /** The relation whose rows are the items. */
  relation: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/),
  /** Every attribute, keys included. The partition key is always `date`. */
  columns: z.array(kpiColumnSchema).min(2),
  sortKey: z.string(),
  /**
   * Columns whose equal values make one list to a reader, within a date: a list is never published
   * in parts. Empty: the whole date is one list; the sort key: every item stands alone.
   */
  list: z.array(z.string()),
  indexes: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[A-Za-z0-9_.-]{3,255}$/),
        kind: z.enum(["global", "local"]),
        partitionKey: z.string(),
        sortKey: z.string(),
      }),
    )
    .default([]),
  /** Columns that order the rows of a date for a reader, text by code points. */
  orderBy: z.array(z.string()),
});

export type KpiColumn = z.infer<typeof kpiColumnSchema>;
export type TableSpec = z.infer<typeof tableSpecSchema>;

/** `bigint` for integers, `number` for doubles alone, `null` for an absent attribute. */
export type KpiValue = string | bigint | number | null;
export type KpiRow = Readonly<Record<string, KpiValue>>;

/** Orders the rows of one date as `spec.orderBy` says. */
export function compareRows(spec: Pick<TableSpec, "orderBy">): (a: KpiRow, b: KpiRow) => number {
  return (a, b) => {
    for (const column of spec.orderBy) {
      const order = compareValues(a[column] ?? null, b[column] ?? null);
      if (order !== 0) return order;
    }
    return 0;
  };
}

function compareValues(a: KpiValue, b: KpiValue): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  if (typeof a === "string" || typeof b === "string")
    return compareCodePoints(String(a), String(b));
  return a < b ? -1 : a > b ? 1 : 0;
}
