import type { Dataset, ZoneFiles } from "@topline/core";
import { INPUT_RELATIONS } from "../plan.ts";
import { lineage } from "../relations.ts";
import { batches, materialise, useThreadsFor } from "./compute.ts";
import { identifier } from "./quoting.ts";
import { own, type Workspace } from "./workspace.ts";
import type { ZoneFilesHere } from "./zone-files.ts";

type View = "songs" | "users";

/** By what listens refer to a view's rows. */
const keys: Readonly<Record<View, string>> = { songs: "track_id", users: "user_id" };

const touchedBy = (view: View) => own(`touched_${view}`);

/** The dates, ascending, with listens whose track (user) another state of the view tells otherwise. */
export async function datesTouchedBetween(
  work: Workspace,
  here: ZoneFilesHere,
  before: Pick<ZoneFiles, View>,
  after: ZoneFiles,
  views: readonly View[],
): Promise<string[]> {
  const { db } = work;
  const touching: View[] = [];
  for (const view of views) {
    if (samePaths(before[view], after[view])) continue;
    if (await findTouched(work, here, view, before, after)) touching.push(view);
  }
  if (touching.length === 0) return [];
  const dates = new Set<string>();
  const listens = touching.map(
    (view) => `${identifier(keys[view])} IN (SELECT key FROM ${touchedBy(view)})`,
  );
  const all = after.streams.flatMap(({ partition }) => partition["date"] ?? []);
  for (const batch of batches(after.streams, [...new Set(all)].sort())) {
    await useThreadsFor(work, batch);
    await using streams = await here.fetch("streams", batch.files);
    await here.expose("streams", streams.paths);
    const rows = await db.rows(
      "the dates that the catalogue touches",
      `SELECT DISTINCT date FROM streams_rows WHERE ${listens.join(" OR ")}`,
    );
    for (const { date } of rows) dates.add(date as string);
  }
  return [...dates].sort();
}

const samePaths = (a: ZoneFiles[Dataset], b: ZoneFiles[Dataset]) =>
  a.length === b.length && new Set([...a, ...b].map(({ path }) => path)).size === a.length;

/** Keys whose rows differ on any contract column, in either direction. */
async function findTouched(
  work: Workspace,
  here: ZoneFilesHere,
  view: View,
  before: Pick<ZoneFiles, View>,
  after: Pick<ZoneFiles, View>,
): Promise<boolean> {
  const { db, plan } = work;
  const needed = lineage(plan.relations, INPUT_RELATIONS).get(view) ?? new Set();
  const relations = plan.relations.filter(({ name }) => name === view || needed.has(name));
  for (const [state, zone] of [
    ["before", before],
    ["after", after],
  ] as const) {
    await using files = await here.fetch(view, zone[view]);
    await here.expose(view, files.paths);
    for (const relation of relations) await materialise(work, relation);
    await db.run(
      `relation ${view}`,
      `CREATE OR REPLACE TABLE ${own(state)} AS FROM ${identifier(view)}`,
    );
  }
  const columns = plan.datasets[view].columns.map(({ name }) => identifier(name)).join(", ");
  const less = (a: string, b: string) =>
    `(SELECT ${columns} FROM ${own(a)} EXCEPT SELECT ${columns} FROM ${own(b)})`;
  await db.run(
    `relation ${view}`,
    `CREATE OR REPLACE TABLE ${touchedBy(view)} AS
     SELECT DISTINCT ${identifier(keys[view])} AS key
     FROM (${less("before", "after")} UNION ALL ${less("after", "before")})`,
  );
  for (const state of ["before", "after"])
    await db.run(`relation ${view}`, `DROP TABLE ${own(state)}`);
  const [count] = await db.rows(
    `relation ${view}`,
    `SELECT COUNT(*) AS keys FROM ${touchedBy(view)}`,
  );
  return count?.["keys"] !== 0n;
}
