import { text } from "node:stream/consumers";
import { quarantineFolder, type RunReport, type TableSpec } from "../../packages/core/src/index.ts";
import type { Deployment } from "../deployment.ts";
import { type Expected, expectedSchema } from "./cases.ts";

/** What a run left behind, in the words of a case. */
export async function outcomeOf(
  { context }: Deployment,
  { status, sources, dates, tables }: RunReport,
): Promise<Expected> {
  const quarantine: Expected["quarantine"] = {};
  for (const { key, source_id } of sources) {
    const rows = await quarantineOf(context.store, source_id);
    if (rows.length > 0) quarantine[key] = rows;
  }
  const items = async (name: string) => {
    const table = context.plan.tables.find((one) => one.name === name) as TableSpec;
    return itemsOf(context, table);
  };
  return expectedSchema.parse({
    status,
    sources: Object.fromEntries(
      sources.map(({ key, rejected, rows, accepted, quarantined }) => [
        key,
        rejected === null
          ? { rows: Number(rows), accepted: Number(accepted), quarantined: numbers(quarantined) }
          : { rejected },
      ]),
    ),
    quarantine,
    dates: dates.map((figures) => numbers(figures)),
    written: tables.reduce((sum, { put, deleted }) => sum + put + deleted, 0),
    tables: {
      GENRE_KPIS: await items("GENRE_KPIS"),
      TOP_SONGS: await items("TOP_SONGS"),
      TOP_GENRES: await items("TOP_GENRES"),
    },
  });
}

/** Bigints as numbers; absent attributes left out. */
function numbers(values: object): Record<string, unknown> {
  const entries = Object.entries(values).filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : value]),
  );
}

export async function itemsOf(
  { kpis }: Deployment["context"],
  table: TableSpec,
): Promise<object[]> {
  const dates: string[] = [];
  for await (const date of kpis.dates(table)) dates.push(date);
  const items: object[] = [];
  for (const date of dates.sort()) {
    for (const row of await kpis.read(table, date)) items.push(numbers(row));
  }
  return items;
}

async function quarantineOf(store: Deployment["context"]["store"], sourceId: string) {
  const rows: Expected["quarantine"][string] = [];
  for await (const { key } of store.list(quarantineFolder(sourceId))) {
    const lines = await text((await store.get(key)).body);
    for (const line of lines.split("\n").slice(0, -1)) {
      const { record, reason, text: found } = JSON.parse(line) as (typeof rows)[number];
      rows.push({ record, reason, text: found });
    }
  }
  return rows;
}
