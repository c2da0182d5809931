import type { PlanDataset } from "@topline/core";
import type { ColumnRule } from "../columns.ts";
import type { Contract } from "../contract.ts";
import { joinsLines } from "../dialect.ts";
import { castOf, hasCast, isInvalid, isPlainlyValid, PLAIN_BYTES, valueOf } from "./predicates.ts";
import { cutCells, fieldOf, isAside, isClean, JOINED_RECORDS } from "./records.ts";

/**
 * A contract as the SQL of `plan.datasets[d]` (its inputs are described in core's `plan.ts`).
 * The text is portable: DuckDB runs it with the bridge's macros, Spark as it is.
 *
 * Plain records of good values are told by a cheap first look, and only the rest is cut and judged by every rule.
 * Both ways give the same answer.
 */
export function compileDataset(contract: Contract): Pick<PlanDataset, "relations" | "sql"> {
  const relations = joinsLines(contract.dataset) ? [...JOINED_RECORDS] : [];
  return { relations, sql: judgement(contract) };
}

function judgement({ dataset, rules }: Contract): string {
  const columns = Object.entries(rules);
  const names = columns.map(([name]) => name);
  const casts = columns.flatMap(([name, rule]) => castOf(name, rule) ?? []);
  const castNames = columns.filter(([, rule]) => hasCast(rule)).map(([name]) => `cast_${name}`);
  const ofHead = ["header", "width", "is_plain", ...names.map((name) => `p_${name}`)];
  const joins = joinsLines(dataset);
  const ofRecord = ["source", "n", "line", ...(joins ? ["clean", "aside"] : [])];
  const carried = [...ofRecord, ...ofHead].join(", ");
  return `-- ${dataset}: one row a record
WITH headed AS (
  SELECT ${ofRecord.map((name) => `r.${name}`).join(", ")}, ${ofHead.map((name) => `h.${name}`).join(", ")}, split(r.line, ',') AS parts
  FROM ${joins ? "records" : "lines"} r JOIN heads h ON h.source = r.source),
named AS (
  SELECT ${carried}, parts,
    ${names.map((name) => `get(parts, p_${name} - 1) AS ${name}`).join(",\n    ")}
  FROM headed),
typed AS (
  SELECT ${["*", ...casts].join(", ")} FROM named),
looked_at AS (
  SELECT *, array_size(parts) = width AND CASE WHEN is_plain THEN true ELSE ${isPlain("line", joins ? "clean" : isClean("line"))} END AND COALESCE(
    ${columns.map(([name, rule]) => isPlainlyValid(name, rule)).join("\n    AND ")}, false) AS is_good
  FROM typed),
cut AS (
  SELECT *, CASE
      WHEN is_good THEN NULL
      WHEN ${joins ? "aside" : isAside("line")} THEN NULL
      ELSE ${cutCells("line")} END AS cells
  FROM looked_at),
fielded AS (
  SELECT ${["source", "n", "header", "line", "is_good", ...castNames].join(", ")},
    ${names.map((name) => `CASE WHEN is_good THEN ${name} ELSE ${cellText(name)} END AS ${name}`).join(",\n    ")}
  FROM cut),
judged AS (
  SELECT *, CASE
    WHEN is_good THEN NULL
    ${reasons(columns)} END AS reason
  FROM fielded)
SELECT source, n, line = header AS is_header, reason,
  CASE WHEN reason IS NOT NULL THEN line END AS line,
  ${columns.map(([name, rule]) => accepted(name, rule)).join(",\n  ")}
FROM judged`;
}

/**
 * Holds for a line of cells that are their own text: clean, and no blank at a cell's end. It is short, so that no text
 * of it can be too long. An engine that has seen as much of all lines says so in `heads`.
 */
const isPlain = (line: string, clean: string): string =>
  `octet_length(${line}) <= ${PLAIN_BYTES} AND ${clean} AND ${["% ,%", "%, %", " %", "% "].map((blank) => `${line} NOT LIKE '${blank}'`).join(" AND ")}`;

const cellText = (name: string): string =>
  `CASE WHEN array_size(cells) = width THEN ${fieldOf(`get(cells, p_${name} - 1)`)} END`;

/** The branches of a CASE that names the first broken rule; the header's record is never a valid one. */
function reasons(columns: readonly [string, ColumnRule][]): string {
  return [
    `WHEN ${columns[0]?.[0]} IS NULL THEN 'malformed'`,
    ...columns.flatMap(([name, rule]) => {
      const isInvalidText = `WHEN ${isInvalid(name, rule)} THEN 'invalid:${name}'`;
      if (rule.optional) return isInvalidText;
      return [`WHEN ${name} = '' THEN 'missing:${name}'`, isInvalidText];
    }),
    `WHEN line = header THEN 'malformed'`,
  ].join("\n    ");
}

/** The column's value, of good records as the first look has cast it. */
function accepted(name: string, rule: ColumnRule): string {
  const cast = hasCast(rule) ? `WHEN is_good THEN cast_${name} ` : "";
  return `CASE ${cast}WHEN reason IS NULL THEN ${valueOf(name, rule)} END AS ${name}`;
}
