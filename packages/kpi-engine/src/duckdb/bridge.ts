/**
 * What lets DuckDB run the plan's SQL as Spark does, unmodified: functions of Spark's that DuckDB lacks,
 * or has under the same name with another meaning. The built-ins stay reachable as `system.main.<name>`.
 */
export const BRIDGE_MACROS: readonly string[] = [
  "CREATE OR REPLACE MACRO regexp_like(s, p) AS regexp_matches(s, p)",
  // Spark replaces every match, and names groups `$1` where RE2 has `\1`.
  "CREATE OR REPLACE MACRO regexp_replace(s, p, r) AS system.main.regexp_replace(s, p, replace(r, '$', chr(92)), 'g')",
  "CREATE OR REPLACE MACRO encode(s, charset) AS system.main.encode(s)",
  "CREATE OR REPLACE MACRO decode(b, charset) AS system.main.decode(b)",
  "CREATE OR REPLACE MACRO octet_length(s) AS strlen(s)",
  // Counts from 0 and yields NULL outside.
  "CREATE OR REPLACE MACRO get(l, i) AS l[i + 1]",
  "CREATE OR REPLACE MACRO array_size(l) AS len(l)",
  "CREATE OR REPLACE MACRO array_join(l, s) AS array_to_string(l, s)",
];
