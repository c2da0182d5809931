import type { ColumnRule } from "../columns.ts";
import type { Contract } from "../contract.ts";
import { joinsLines } from "../dialect.ts";
import { isInvalid, isPlainlyValid, PLAIN_BYTES, valueOf } from "./predicates.ts";
import { cutCells, fieldOf, isAside, joinedRecords } from "./records.ts";

/**
 * A contract as the SQL of `plan.datasets[d].sql` (its relations are described in core's `plan.ts`).
 * The text is portable: DuckDB runs it with the bridge's macros, Spark as it is.
 */
export function compileDataset(contract: Contract): string {
  return joinsLines(contract.dataset) ? compileJoined(contract) : compileLines(contract);
}

/** Where a quoted field may hold line ends. */
function compileJoined(contract: Contract): string {
  const columns = Object.entries(contract.rules);
  const names = columns.map(([name]) => name);
  return `-- ${contract.dataset}: one row a record
WITH ${joinedRecords},
cut AS (
  SELECT r.source, r.n, r.line, h.header, h.width, ${names.map((name) => `h.p_${name}`).join(", ")},
    CASE WHEN r.aside THEN NULL ELSE ${cutCells("r.line")} END AS cells
  FROM records r JOIN heads h ON h.source = r.source),
fielded AS (
  SELECT source, n, header, line,
    ${names.map((name) => `${cellText(name)} AS ${name}`).join(",\n    ")}
  FROM cut),
judged AS (
  SELECT *, CASE
    ${reasons(contract)} END AS reason
  FROM fielded)
SELECT source, n, line = header AS is_header, reason,
  CASE WHEN reason IS NOT NULL THEN line END AS line,
  ${columns.map(([name, rule]) => accepted(name, rule)).join(",\n  ")}
FROM judged`;
}

/**
 * Where a record is a line: plain lines of good values are told by a cheap first look, and only the rest is
 * cut and judged by every rule. Both ways give the same answer.
 */
function compileLines(contract: Contract): string {
  const columns = Object.entries(contract.rules);
  const names = columns.map(([name]) => name);
  const moments = columns.filter(([, rule]) => rule.kind === "timestamp").map(([name]) => name);
  const ofHead = ["header", "width", "is_plain", ...names.map((name) => `p_${name}`)];
  const carried = ["source", "n", "line", ...ofHead];
  return `-- ${contract.dataset}: one row a record
WITH split_lines AS (
  SELECT r.source, r.n, r.line, ${ofHead.map((name) => `h.${name}`).join(", ")}, split(r.line, ',') AS parts
  FROM lines r JOIN heads h ON h.source = r.source),
named AS (
  SELECT ${carried.join(", ")}, parts,
    ${names.map((name) => `get(parts, p_${name} - 1) AS ${name}`).join(",\n    ")}
  FROM split_lines),
timed AS (
  SELECT ${["*", ...moments.map((name) => `TRY_CAST(${name} AS TIMESTAMP) AS moment_${name}`)].join(", ")} FROM named),
looked_at AS (
  SELECT *, array_size(parts) = width AND CASE WHEN is_plain THEN true ELSE ${isPlain("line")} END AND COALESCE(
    ${columns.map(([name, rule]) => isPlainlyValid(name, rule, `moment_${name}`)).join("\n    AND ")}, false) AS is_good
  FROM timed),
cut AS (
  SELECT *, CASE
      WHEN is_good THEN NULL
      WHEN ${isAside("line")} THEN NULL
      ELSE ${cutCells("line")} END AS cells
  FROM looked_at),
fielded AS (
  SELECT ${["source", "n", "header", "line", "is_good", ...moments.map((name) => `moment_${name}`)].join(", ")},
    ${names.map((name) => `CASE WHEN is_good THEN ${name} ELSE ${cellText(name)} END AS ${name}`).join(",\n    ")}
  FROM cut),
judged AS (
  SELECT *, CASE
    WHEN is_good THEN NULL
    ${reasons(contract)} END AS reason
  FROM fielded)
SELECT source, n, line = header AS is_header, reason,
  CASE WHEN reason IS NOT NULL THEN line END AS line,
  ${columns.map(([name, rule]) => quickly(name, rule)).join(",\n  ")}
FROM judged`;
}

/**
 * Holds for a line of cells that are their own text: printable ASCII without `"`, and no blank at a cell's end. It
 * is short, so that no text of it can be too long. An engine that has seen as much of all lines says so in `heads`.
 */
const isPlain = (line: string): string =>
  `octet_length(${line}) <= ${PLAIN_BYTES} AND NOT regexp_like(${line}, '[^ !#-~]|^ | $|, | ,')`;

const cellText = (name: string): string =>
  `CASE WHEN array_size(cells) = width THEN ${fieldOf(`get(cells, p_${name} - 1)`)} END`;

/** The branches of a CASE that names the first broken rule; the header's record is never a valid one. */
function reasons(contract: Contract): string {
  const columns = Object.entries(contract.rules);
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

function accepted(name: string, rule: ColumnRule): string {
  return `CASE WHEN reason IS NULL THEN ${valueOf(name, rule)} END AS ${name}`;
}

/** As `accepted`, with what the first look has cast already. */
function quickly(name: string, rule: ColumnRule): string {
  if (rule.kind !== "timestamp") return accepted(name, rule);
  return `CASE WHEN is_good THEN moment_${name} WHEN reason IS NULL THEN ${valueOf(name, rule)} END AS ${name}`;
}
