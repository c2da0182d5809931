import { readFileSync } from "node:fs";
import type { Plan, PlanDataset } from "@topline/core";

/** The relations' own texts, and which relation reads which. Parses no SQL beyond comments and strings. */

export type Relation = Plan["relations"][number];

/** In the order in which each may read those before it. */
const RELATIONS = [
  "listens",
  "songs",
  "users",
  "plays",
  "genre_kpis",
  "top_songs",
  "top_genres",
] as const;

const AUDITS = [
  "audit_listeners",
  "audit_ranks",
  "audit_totals",
  "audit_genre_sum",
  "audit_top_songs",
  "audit_top_genres",
] as const;

const load = (name: string): Relation => ({
  name,
  sql: readFileSync(new URL(`../sql/${name}.sql`, import.meta.url), "utf8").trim(),
});

export const relations = (): Relation[] => RELATIONS.map(load);
export const audits = (): Relation[] => AUDITS.map(load);
export const figures = (): Relation => load("date_figures");

/** The records of a dataset as one text, of which its own relations are named parts. */
export function recordsQuery({ relations, sql }: Pick<PlanDataset, "relations" | "sql">): string {
  if (relations.length === 0) return sql;
  const parts = relations.map((part) => `${part.name} AS (\n${part.sql}\n)`);
  return `WITH ${parts.join(",\n")}\nSELECT * FROM (\n${sql}\n) AS records`;
}

/** Names among `names` that occur in the text outside comments and strings, as words of any case. */
export function namesRead(sql: string, names: readonly string[]): string[] {
  const code = sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g, " ");
  const words = new Set(code.toLowerCase().match(/[a-z_][a-z0-9_]*/g));
  return names.filter((name) => words.has(name));
}

/** Every name that each relation reads, by itself or through those before it. */
export function lineage(
  ordered: readonly Relation[],
  inputs: readonly string[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const read = new Map<string, ReadonlySet<string>>();
  for (const { name, sql } of ordered) {
    const direct = namesRead(sql, [...inputs, ...read.keys()]);
    const all = new Set(direct);
    for (const earlier of direct) for (const further of read.get(earlier) ?? []) all.add(further);
    read.set(name, all);
  }
  return read;
}
