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

/**
 * Holds only for a cell of a plain line that keeps its rule; cheap, and free to be wrong in the other direction.
 * `moment` is the cell cast to a timestamp.
 */
export function isPlainlyValid(name: string, rule: ColumnRule, moment: string): string {
  if (rule.kind === "timestamp") {
    // What a cast gives back unchanged is a real time, in the one spelling that both engines share.
    return `CAST(${moment} AS STRING) = ${name} AND ${moment} BETWEEN TIMESTAMP '1970-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999'`;
  }
  const isPresent = rule.optional ? [] : [`${name} <> ''`];
  const isShort = rule.kind === "text" && rule.maxCodePoints >= PLAIN_BYTES;
  const isValid = isShort ? [] : [`NOT (${isInvalid(name, rule)})`];
  return [...isPresent, ...isValid].join(" AND ") || "true";
}
