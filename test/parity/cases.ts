import { Buffer } from "node:buffer";
import { readdirSync, readFileSync } from "node:fs";
import { z } from "zod";
import type { Drop } from "../model/model.ts";

/**
 * Language-neutral cases: files that arrive, drop by drop, and what must be there after each. Every engine is held to
 * the same documents, whatever language its tests are in.
 */

const contentSchema = z.union([z.string(), z.strictObject({ base64: z.string() })]);
const itemSchema = z.record(z.string(), z.union([z.string(), z.number()]));

export const expectedSchema = z.strictObject({
  status: z.enum(["succeeded", "waiting"]),
  /** By inbox key. A source that is refused has its code; what was counted of it then is not told. */
  sources: z.record(
    z.string(),
    z.union([
      z.strictObject({ rejected: z.string() }),
      z.strictObject({
        rows: z.int(),
        accepted: z.int(),
        quarantined: z.record(z.string(), z.int()),
      }),
    ]),
  ),
  /** By inbox key, in order: of the sources that this drop brought. */
  quarantine: z.record(
    z.string(),
    z.array(z.strictObject({ record: z.int(), reason: z.string(), text: z.string() })),
  ),
  /** The dates that this run computed. */
  dates: z.array(
    z.strictObject({
      date: z.string(),
      listens: z.int(),
      duplicates: z.int(),
      unknown_tracks: z.int(),
      unknown_users: z.int(),
    }),
  ),
  /** How many items this run put or deleted, over all tables. */
  written: z.int(),
  /** Every item, in the order of dates and of each table's readers. */
  tables: z.strictObject({
    GENRE_KPIS: z.array(itemSchema),
    TOP_SONGS: z.array(itemSchema),
    TOP_GENRES: z.array(itemSchema),
  }),
});
export type Expected = z.infer<typeof expectedSchema>;

const caseSchema = z.strictObject({
  /** The rule that it shows. */
  says: z.string(),
  drops: z.array(
    z.strictObject({
      /** By name below `raw-data/`: text, or the bytes. */
      files: z.record(z.string(), contentSchema),
      expected: expectedSchema,
    }),
  ),
});

export interface Case {
  readonly name: string;
  readonly says: string;
  readonly drops: readonly { readonly files: readonly Drop[]; readonly expected: Expected }[];
}

export const CASES = new URL("./cases/", import.meta.url);

export const readCases = (): Case[] =>
  readdirSync(CASES)
    .sort()
    .map((file) => {
      const found = caseSchema.parse(JSON.parse(readFileSync(new URL(file, CASES), "utf8")));
      const name = file.replace(/\.json$/, "");
      return {
        name,
        says: found.says,
        drops: found.drops.map(({ files, expected }) => ({ files: dropsOf(files), expected })),
      };
    });

export const dropsOf = (files: Readonly<Record<string, z.infer<typeof contentSchema>>>): Drop[] =>
  Object.entries(files).map(([name, content]) => ({
    key: `raw-data/${name}`,
    bytes:
      typeof content === "string" ? Buffer.from(content) : Buffer.from(content.base64, "base64"),
    sourceId: name,
  }));
