import { Buffer } from "node:buffer";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import type { Drop, Model } from "../../../test/model/model.ts";
import type { TestState } from "./topline.ts";

/** Files by their names below `raw-data/`. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

const bytesOf = (content: string | Uint8Array) =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;

let directories = 0;

/** Writes files as a directory that `run --data` takes. */
export async function directoryOf({ scratch }: TestState, files: Files): Promise<string> {
  const directory = join(scratch, `drop-${directories++}`);
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytesOf(content));
  }
  return directory;
}

/** What the model is told of a drop: source ids only need to differ where contents do. */
export const dropsOf = (files: Files): Drop[] =>
  Object.entries(files).map(([name, content]) => ({
    key: `raw-data/${name}`,
    bytes: bytesOf(content),
    sourceId: name,
  }));

const SAMPLE = new URL("../../../examples/music-streaming/data/", import.meta.url);

/** One file of the real data, uncompressed. */
export const sample = (name: string): Uint8Array =>
  gunzipSync(readFileSync(new URL(`${name}.gz`, SAMPLE)));

const QUERIES = {
  GENRE_KPIS: "genre-kpis",
  TOP_SONGS: "top-songs",
  TOP_GENRES: "top-genres",
} as const;

type Item = Readonly<Record<string, unknown>>;

/** All three tables, as the command line tells them, date by date. */
export async function tablesOf(state: TestState, dates: readonly string[]) {
  const tables: Record<string, Item[]> = {};
  for (const [table, query] of Object.entries(QUERIES)) {
    tables[table] = [];
    for (const date of dates) {
      const outcome = await state.topline("query", query, "--date", date, "--json");
      tables[table].push(...outcome.json<Item[]>());
    }
  }
  return tables;
}

/** The dates that the tables have. */
export async function publishedDates(state: TestState): Promise<string[]> {
  const statement = Object.keys(QUERIES)
    .map((table) => `SELECT "date" FROM "${table}"`)
    .join(" UNION ");
  const outcome = await state.topline("sql", `${statement} ORDER BY 1`, "--json");
  return outcome.json<{ date: string }[]>().map(({ date }) => date);
}

/** What the tables must show, in the order in which `query` tells it. */
export function expectedTables(model: Model) {
  const tables = model.tables();
  const numbers = (items: readonly object[]) =>
    items.map((item) =>
      Object.fromEntries(
        Object.entries(item)
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : value]),
      ),
    ) as Item[];
  const topSongs = numbers(tables.TOP_SONGS).sort(
    (a, b) =>
      compare(a["date"], b["date"]) ||
      compare(a["genre"], b["genre"]) ||
      Number(a["rank"]) - Number(b["rank"]),
  );
  return {
    GENRE_KPIS: numbers(tables.GENRE_KPIS),
    TOP_SONGS: topSongs,
    TOP_GENRES: numbers(tables.TOP_GENRES),
  };
}

const compare = (a: unknown, b: unknown) =>
  Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));

export const datesOf = (model: Model): string[] => model.figures().map(({ date }) => date);
