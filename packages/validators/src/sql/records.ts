import type { PlanDataset } from "@topline/core";
import { MAX_LINE_BYTES, MAX_RECORD_LINES } from "../dialect.ts";

/**
 * The dialect as SQL: which lines are set aside, which lines make one record, how a record is cut.
 * `chr(1)` and `chr(2)` serve as markers: a line that holds them has been set aside before.
 */

/**
 * Holds for a line in which nothing stands that could make it other than it looks: no `"`, no control character, and
 * nothing that an engine puts where bytes are no UTF-8. Most lines are such, whatever their script, and one look
 * tells it.
 */
export const isClean = (line: string): string =>
  `NOT regexp_like(${line}, concat('[', chr(0), '-', chr(31), '"', chr(127), '\uFFFD]'))`;

/**
 * Holds for a line that is set aside. Text that is not UTF-8 does not survive the round trip in Spark; printable
 * ASCII needs no such look.
 */
export const isAside = (line: string): string =>
  `(octet_length(${line}) > ${MAX_LINE_BYTES} OR CASE WHEN regexp_like(${line}, '[^ -~]') THEN regexp_like(${line}, concat('[', chr(0), '-', chr(8), chr(10), '-', chr(31), ']')) OR decode(encode(${line}, 'UTF-8'), 'UTF-8') <> ${line} ELSE false END)`;

/** Whether a line has an odd number of quotes, as 0 or 1. Most lines have none: those cost a search. */
const oddQuotes = (line: string) =>
  `CASE WHEN ${line} LIKE '%"%' THEN (length(${line}) - length(replace(${line}, '"', ''))) % 2 ELSE 0 END`;

const betweenQuotes = (line: string, place: number) => `get(split(${line}, '"'), ${place})`;

/** What stands before the first quote, or after the second and last, its commas marked as those that separate. */
const commasOut = (line: string, place: number) =>
  `replace(${betweenQuotes(line, place)}, ',', chr(1))`;

/** The raw cells of a record that was not set aside, or NULL when it is malformed. */
export const cutCells = (line: string): string => `CASE
      WHEN ${line} NOT LIKE '%"%' THEN split(${line}, ',')
      WHEN ${oddQuotes(line)} = 1 THEN NULL
      WHEN regexp_like(regexp_replace(${line}, '"[^"]*"', chr(2)), concat('[^,', chr(2), ']', chr(2), '|', chr(2), '[^,', chr(2), ']')) THEN NULL
      WHEN ${line} NOT LIKE '%"%"%"%' THEN split(concat(${commasOut(line, 0)}, '"', ${betweenQuotes(line, 1)}, '"', ${commasOut(line, 2)}), chr(1))
      ELSE split(replace(regexp_replace(${line}, '("[^"]*")|,', concat('$1', chr(1))), concat('"', chr(1)), '"'), chr(1)) END`;

/** One raw cell as the text of its field. */
export const fieldOf = (cell: string): string =>
  `TRIM(BOTH concat(' ', chr(9)) FROM CASE WHEN ${cell} LIKE '"%' THEN replace(substr(${cell}, 2, length(${cell}) - 2), '""', '"') ELSE ${cell} END)`;

/**
 * Relations up to `records(source, n, line, clean, aside)`, where a quoted field may hold line ends.
 * An odd line is linked with the next odd line when both ends fit; in a run of links, every other odd line
 * opens a record and the one between closes it. So no recursion is needed. Most files have no odd line: theirs
 * are records as they come, and only the others are numbered and measured.
 */
export const JOINED_RECORDS: readonly PlanDataset["relations"][number][] = [
  {
    name: "judged_lines",
    sql: `SELECT source, n, line, clean,
  CASE WHEN clean THEN octet_length(line) > ${MAX_LINE_BYTES} ELSE ${isAside("line")} END AS aside,
  CASE WHEN clean THEN 0 ELSE ${oddQuotes("line")} END AS odd
FROM (
  SELECT l.source, l.n, l.line, CASE WHEN h.is_plain THEN true ELSE ${isClean("l.line")} END AS clean
  FROM lines l JOIN heads h ON h.source = l.source
) AS looked_at_once`,
  },
  {
    name: "good",
    sql: `SELECT source, n, row_number() OVER (PARTITION BY source ORDER BY n) AS i, octet_length(line) + 1 AS size, odd
FROM judged_lines
WHERE NOT aside AND source IN (SELECT source FROM judged_lines WHERE odd = 1 AND NOT aside)`,
  },
  {
    name: "placed",
    sql: `SELECT source, i, size, odd, SUM(size) OVER (PARTITION BY source ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS upto
FROM good`,
  },
  {
    name: "odds",
    sql: `SELECT source, i, size, upto, lead(i) OVER (PARTITION BY source ORDER BY i) AS j,
  lead(upto) OVER (PARTITION BY source ORDER BY i) AS upto_j
FROM placed WHERE odd = 1`,
  },
  {
    name: "links",
    sql: `SELECT source, i, j, CASE WHEN j - i < ${MAX_RECORD_LINES} AND upto_j - upto + size - 1 <= ${MAX_LINE_BYTES} THEN 1 ELSE 0 END AS link
FROM odds`,
  },
  {
    name: "chains",
    sql: `SELECT source, i, j, link, COALESCE(SUM(1 - link) OVER (PARTITION BY source ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS chain
FROM links`,
  },
  {
    name: "ranked",
    sql: `SELECT source, i, j, link, row_number() OVER (PARTITION BY source, chain ORDER BY i) AS k FROM chains`,
  },
  {
    name: "openers",
    sql: `SELECT source, i, j FROM ranked WHERE link = 1 AND k % 2 = 1`,
  },
  {
    name: "opened",
    sql: `SELECT g.source, g.n, g.i,
  MAX(o.i) OVER (PARTITION BY g.source ORDER BY g.i ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS opener,
  MAX(o.j) OVER (PARTITION BY g.source ORDER BY g.i ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS closer
FROM good g LEFT JOIN openers o ON o.source = g.source AND o.i = g.i`,
  },
  {
    name: "joined",
    sql: `SELECT source, n, i, opener FROM opened WHERE closer >= i`,
  },
  {
    name: "records",
    sql: `SELECT l.source, l.n, l.line, l.clean, l.aside
FROM judged_lines l LEFT JOIN joined j ON j.source = l.source AND j.n = l.n
WHERE j.n IS NULL
UNION ALL
SELECT j.source, MIN(j.n) AS n,
  substr(regexp_replace(array_join(array_sort(array_agg(concat(lpad(CAST(j.i - j.opener AS STRING), 2, '0'), l.line))), chr(10)), concat(chr(10), '[0-9][0-9]'), chr(10)), 3) AS line,
  false AS clean, false AS aside
FROM joined j JOIN judged_lines l ON l.source = j.source AND l.n = j.n
GROUP BY j.source, j.opener`,
  },
];
