import { text } from "node:stream/consumers";
import { DATASETS, type Dataset, type Plan, toJson } from "../../packages/core/src/index.ts";
import { zoneOver } from "./play.ts";
import type { Outside } from "./world.ts";

/** What the promise is about: not run ids, tokens, times, the names of data files, or how often it was tried. */

export type RowsOf = (
  outside: Outside,
  table: Dataset,
  paths: readonly string[],
) => Promise<string[]>;

export async function stateOf(outside: Outside, plan: Plan, rowsOf: RowsOf) {
  const { kpis, ledger } = outside;
  const zone: Record<string, string[]> = {};
  for (const table of DATASETS) {
    const { files } = await zoneOver(outside).snapshot(table);
    const rows = await rowsOf(
      outside,
      table,
      files.map(({ path }) => path),
    );
    zone[table] = rows.sort();
  }
  const tables: Record<string, string[]> = {};
  for (const table of plan.tables) {
    const items = await Array.fromAsync(kpis.scan(table));
    tables[table.name] = items.map((item) => toJson(sorted(item))).sort();
  }
  const sources = await Array.fromAsync(ledger.sources());
  const runs = await Array.fromAsync(ledger.list());
  return {
    tables,
    zone,
    archive: await contents(outside, "archive/"),
    rejected: await contents(outside, "rejected/"),
    quarantine: await contents(outside, "quarantine/"),
    inbox: await contents(outside, "raw-data/"),
    sources: sources
      .map(({ key, dataset, archivedTo, state }) => [key, dataset, archivedTo, state].join(" "))
      .sort(),
    open: await ledger.openRun(),
    isPublished: await isPublished(outside, plan),
    // A run that is over is not told of as if it were not.
    unfinished: runs.filter(({ status }) => status !== "succeeded"),
    input: await leftInput(outside),
  };
}

async function isPublished(outside: Outside, plan: Plan): Promise<boolean> {
  const cursor = await outside.ledger.cursor();
  const snapshots = await Promise.all(DATASETS.map((table) => zoneOver(outside).snapshot(table)));
  return (
    cursor?.planHash === plan.hash &&
    snapshots.every(({ table, version }) => cursor.zone[table] === version)
  );
}

async function contents({ store }: Outside, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix)) {
    const { body, metadata } = await store.get(key);
    const content = await text(body);
    const shown = key.endsWith(".reason.json") ? withoutRun(content) : content;
    found.push(`${key} ${metadata["source_id"] ?? ""}\n${shown}`);
  }
  return found;
}

const withoutRun = (reason: string): string => {
  const { run_id: _run, ...rest } = JSON.parse(reason) as Record<string, unknown>;
  return JSON.stringify(rest);
};

/** Copies that runs have left which came to their end; those of a run that never came to be open are garbage. */
async function leftInput({ store, ledger }: Outside): Promise<string[]> {
  const left: string[] = [];
  for await (const { key } of store.list("runs/")) {
    const [runId = "", folder] = key.slice("runs/".length).split("/");
    if (folder === "input" && (await ledger.get(runId))?.status === "succeeded") left.push(key);
  }
  return left;
}

const sorted = (item: object) =>
  Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
