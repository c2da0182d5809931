import { DATASETS, zoneFolder } from "@topline/core";
import { readText } from "./small-engine.ts";
import { keys, plays, type World } from "./world.ts";

/** What the promise is about: not run ids, not the names of data files, not how often it was tried. */
export async function state(world: World) {
  const rows: string[] = [];
  for (const table of DATASETS) {
    for (const file of (await world.zone.snapshot(table)).files) {
      const stored = JSON.parse(await readText(world.store, zoneFolder(table) + file.path)) as {
        row: string[];
        source: string;
      }[];
      rows.push(...stored.map(({ row, source }) => `${table} ${row.join()} ${source}`));
    }
  }
  const texts = async (prefix: string) => {
    const found: string[] = [];
    for (const key of await keys(world, prefix)) {
      const text = await readText(world.store, key);
      found.push(`${key}: ${key.endsWith(".reason.json") ? "" : text}`);
    }
    return found;
  };
  return {
    tables: await plays(world),
    zone: rows.sort(),
    archive: await texts("archive/"),
    rejected: await texts("rejected/"),
    quarantine: await texts("quarantine/"),
    inbox: await keys(world, "raw-data/"),
    open: await world.ledger.openRun(),
  };
}
