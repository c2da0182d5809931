import { z } from "zod";
import { readDate, readTimestamp } from "./calendar.ts";

/**
 * The columns that a contract is built from. Each is a zod schema from raw text (empty: absent) to a value,
 * and carries its rule, from which `sql/` makes the same judgement as SQL.
 */

export type ColumnRule =
  | { readonly kind: "text"; readonly optional: boolean; readonly maxCodePoints: number }
  | {
      readonly kind: "integer";
      readonly optional: boolean;
      readonly min: number;
      readonly max: number;
    }
  | { readonly kind: "timestamp"; readonly optional: boolean }
  | { readonly kind: "date"; readonly optional: boolean };

/** A zod schema over raw text; the issue's message is `missing` or `invalid`. */
export type ColumnSchema<Value> = z.ZodType<Value, string | undefined>;

type Maybe<Value, Optional extends boolean> = Optional extends true ? Value | null : Value;

/** The rule of each column schema. A schema changed after it was built is another one, without a rule. */
const rules = z.registry<ColumnRule>();

/** @returns the rule, or `undefined` for a schema that no builder of this file made */
export function columnRule(schema: z.core.$ZodType): ColumnRule | undefined {
  // `get` alone would find the rule of the schema that a refined one was made from.
  return rules.has(schema) ? rules.get(schema) : undefined;
}

/** Text of at most `maxCodePoints` Unicode code points. */
export function text<Optional extends boolean = false>(options: {
  readonly maxCodePoints: number;
  readonly optional?: Optional;
}): ColumnSchema<Maybe<string, Optional>> {
  const { maxCodePoints, optional = false } = options;
  return column<string, Optional>({ kind: "text", maxCodePoints, optional }, (value) =>
    countsAtMost(value, maxCodePoints) ? value : undefined,
  );
}

/** ASCII digits and nothing else (no sign, leading zeros allowed), `min` to `max`, both included. */
export function integer<Optional extends boolean = false>(options: {
  readonly min: number;
  readonly max: number;
  readonly optional?: Optional;
}): ColumnSchema<Maybe<number, Optional>> {
  const { min, max, optional = false } = options;
  return column<number, Optional>({ kind: "integer", min, max, optional }, (value) => {
    if (!/^[0-9]+$/.test(value)) return undefined;
    const number = Number(value);
    return number >= min && number <= max ? number : undefined;
  });
}

/**
 * `YYYY-MM-DD`, a space or `T`, `HH:MM:SS`, optionally `.` and 1–6 digits, optionally `Z`: a real time of
 * the years 1970–9999, UTC. The value is in microseconds since 1970.
 */
export function timestamp<Optional extends boolean = false>(
  options: { readonly optional?: Optional } = {},
): ColumnSchema<Maybe<bigint, Optional>> {
  const { optional = false } = options;
  return column<bigint, Optional>({ kind: "timestamp", optional }, readTimestamp);
}

/** `YYYY-MM-DD`: a real date of the years 0001–9999. The value is the text. */
export function date<Optional extends boolean = false>(
  options: { readonly optional?: Optional } = {},
): ColumnSchema<Maybe<string, Optional>> {
  const { optional = false } = options;
  return column<string, Optional>({ kind: "date", optional }, (value) =>
    readDate(value) === undefined ? undefined : value,
  );
}

function column<Value, Optional extends boolean>(
  rule: ColumnRule,
  read: (text: string) => Value | undefined,
): ColumnSchema<Maybe<Value, Optional>> {
  const schema = z
    .string()
    .default("")
    .transform((text, context) => {
      const value = text === "" ? null : read(text);
      if (value === undefined || (value === null && !rule.optional)) {
        const message = value === null ? "missing" : "invalid";
        context.addIssue({ code: "custom", message, input: text });
        return z.NEVER;
      }
      return value as Maybe<Value, Optional>;
    });
  rules.add(schema, rule);
  return schema;
}

function countsAtMost(value: string, maximum: number): boolean {
  if (value.length <= maximum) return true;
  let count = 0;
  for (const _ of value) if (++count > maximum) return false;
  return true;
}
