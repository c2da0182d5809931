import type { ColumnRule } from "../columns.ts";

/**
 * A column's rule as SQL over its trimmed text: the same judgement as the zod schema that carries the rule.
 * Texts are masked by characters first; casts only see what both engines read alike.
 */

/** Holds where the text is present and breaks the rule. `''` is never invalid. */
export function isInvalid(name: string, rule: ColumnRule): string {
  if (rule.kind === "text") return `length(${name}) > ${rule.maxCodePoints}`;
  return `${name} <> '' AND (${breaks(name, rule)})`;
}

function breaks(name: string, rule: Exclude<ColumnRule, { kind: "text" }>): string {
  if (rule.kind === "integer") return outsideInteger(name, rule);
  if (rule.kind === "date") {
    return `regexp_extract(${name}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}', 0) <> ${name} OR ${name} < '0001' OR COALESCE(CAST(TRY_CAST(${name} AS DATE) AS STRING), '') <> ${name}`;
  }
  const seconds = `replace(substr(${name}, 1, 19), 'T', ' ')`;
  return `regexp_extract(${name}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z?', 0) <> ${name} OR ${name} < '1970' OR COALESCE(CAST(TRY_CAST(${seconds} AS TIMESTAMP) AS STRING), '') <> ${seconds}`;
}

function outsideInteger(name: string, rule: ColumnRule & { kind: "integer" }): string {
  const digits = String(rule.max).length;
  const number = `COALESCE(TRY_CAST(${significant(name)} AS BIGINT), 0)`;
  return [
    `regexp_like(${name}, '[^0-9]')`,
    `length(${significant(name)}) > ${digits}`,
    `${number} > ${rule.max}`,
    ...(rule.min > 0 ? [`${number} < ${rule.min}`] : []),
  ].join(" OR ");
}

/** Without leading zeros, so that no number of them overflows a cast; zero itself is `''`. */
const significant = (name: string) => `TRIM(LEADING '0' FROM ${name})`;

/** The value that goes into the zone, for a text that is not invalid. */
export function valueOf(name: string, rule: ColumnRule): string {
  if (rule.kind === "integer") {
    return `CASE WHEN ${name} <> '' THEN COALESCE(TRY_CAST(${significant(name)} AS INT), 0) END`;
  }
  if (rule.kind === "timestamp") {
    return `TRY_CAST(TRIM(TRAILING 'Z' FROM replace(${name}, 'T', ' ')) AS TIMESTAMP)`;
  }
  return rule.optional ? `NULLIF(${name}, '')` : name;
}

/** Lines over this are never plain. */
export const PLAIN_BYTES = 255;

/** Whether the first look casts the text to the value that goes into the zone. */
export const hasCast = ({ kind }: ColumnRule): boolean =>
  kind === "timestamp" || kind === "integer";

/** The cast of a cell as a column, for `isPlainlyValid` and the value. */
export function castOf(name: string, rule: ColumnRule): string | undefined {
  if (!hasCast(rule)) return undefined;
  return `TRY_CAST(${name} AS ${rule.kind === "integer" ? "INT" : "TIMESTAMP"}) AS cast_${name}`;
}

/**
 * Holds only for a cell of a plain line that keeps its rule; cheap, and free to be wrong in the other direction.
 * What a cast gives back unchanged is a real time, day or number, in the one spelling that both engines share.
 */
export function isPlainlyValid(name: string, rule: ColumnRule): string {
  const isPresent = `${name} <> ''`;
  if (rule.kind === "text" && rule.maxCodePoints >= PLAIN_BYTES) {
    return rule.optional ? "true" : isPresent;
  }
  const isValid = PLAIN_RULES[rule.kind](name, rule as never);
  return rule.optional ? `(${name} = '' OR ${isValid})` : `${isPresent} AND ${isValid}`;
}

const isCastBack = (cast: string, name: string) => `CAST(${cast} AS STRING) = ${name}`;

const PLAIN_RULES: {
  readonly [Kind in ColumnRule["kind"]]: (
    name: string,
    rule: Extract<ColumnRule, { kind: Kind }>,
  ) => string;
} = {
  text: (name, { maxCodePoints }) => `length(${name}) <= ${maxCodePoints}`,
  integer: (name, { min, max }) =>
    `${isCastBack(`cast_${name}`, name)} AND cast_${name} BETWEEN ${Math.max(min, 0)} AND ${max}`,
  date: (name) =>
    `octet_length(${name}) = 10 AND ${name} >= '0001' AND ${isCastBack(`TRY_CAST(${name} AS DATE)`, name)}`,
  timestamp: (name) =>
    `${isCastBack(`cast_${name}`, name)} AND cast_${name} BETWEEN TIMESTAMP '1970-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999'`,
};
