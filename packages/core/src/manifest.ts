import { createHash } from "node:crypto";
import { z } from "zod";
import { DATASETS, type Dataset } from "./datasets.ts";
import { countSchema } from "./json.ts";
import { inputKey } from "./layout.ts";
import type { EngineSource } from "./ports/engine.ts";
import { REFUSAL_CODES } from "./report.ts";

/**
 * What a run takes in, frozen: a write-ahead record. Whoever finds an open run completes what its manifest
 * says, from any machine, whatever happens in the inbox meanwhile.
 */

const headSchema = z.object({
  record: z.string(),
  width: z.int(),
  positions: z.record(z.string(), z.int()),
  extraColumns: z.array(z.string()),
});

export const zoneVersionsSchema = z.object({
  songs: z.int(),
  users: z.int(),
  streams: z.int(),
}) satisfies z.ZodType<Record<Dataset, number>>;

export const manifestSourceSchema = z.object({
  source_id: z.string().regex(/^[0-9a-f]{16}$/),
  key: z.string(),
  /** The key without the inbox's prefix: its name in the archive. */
  name: z.string(),
  dataset: z.enum(DATASETS),
  compression: z.enum(["none", "gzip"]),
  etag: z.string(),
  /** Bytes as stored. */
  size: z.int(),
  /** When it arrived (LastModified). */
  arrived_at: z.string(),
  /** Null when the file was refused by its head. */
  head: headSchema.nullable(),
  refused: z.object({ code: z.enum(REFUSAL_CODES), message: z.string() }).nullable(),
});

export const manifestSchema = z.object({
  run_id: z.string(),
  /** Names the folder in archive and rejected. */
  run_date: z.iso.date(),
  started_at: z.string(),
  /** The fencing token of the validate that wrote this. */
  intake: countSchema,
  /** Versions of the zone's tables at the start; -1 for one that did not exist. */
  zone: zoneVersionsSchema,
  /** The cursor at the start: from there the run's publish goes on, whoever repeats it. */
  cursor: z.object({ zone: zoneVersionsSchema, plan_hash: z.string() }).nullable(),
  sources: z.array(manifestSourceSchema),
  warnings: z.array(z.string()),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestSource = z.infer<typeof manifestSourceSchema>;

/** The same key, ETag and size give the same id: 16 hex digits. */
export function sourceId(key: string, etag: string, size: number): string {
  return createHash("sha256").update(`${key}\n${etag}\n${size}`).digest("hex").slice(0, 16);
}

/** The sources that the engine is to read: those that their heads did not refuse. */
export function engineSources(manifest: Manifest): EngineSource[] {
  return manifest.sources.flatMap(({ source_id, head, dataset, key, compression, size }) =>
    head === null
      ? []
      : [
          {
            sourceId: source_id,
            dataset,
            key,
            inputKey: inputKey(manifest.run_id, source_id, compression),
            compression,
            size,
            head,
          },
        ],
  );
}
