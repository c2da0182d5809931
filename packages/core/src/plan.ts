import { z } from "zod";
import { DATASETS, type Dataset } from "./datasets.ts";
import { tableSpecSchema } from "./kpis.ts";

/**
 * What an engine executes, whichever engine it is: how lines become rows, how rows become figures, which
 * tables they go to. The same text runs on DuckDB and on Spark; only input relations differ.
 *
 * Input relations of `datasets[d]`, whose own relations may each read those before it, and whose `sql` yields one row
 * a record:
 * - `lines(source, n BIGINT, line STRING)`: every line that is not empty, in order of `n` within a source, whose
 *   name is of any type. A line that an engine cannot hold as text comes as any text that begins with `chr(0)`.
 * - `heads(source, header STRING, width INT, is_plain BOOLEAN, p_<column> INT …)`: positions count from 1.
 *   `is_plain` says that the engine has seen every line of the source to be plain: printable ASCII without `"`,
 *   at most 255 bytes, and no blank beside a comma or at an end. False where it has not looked.
 *
 * It yields `source`, `n` (the record's first line), `is_header` (the record equals the header), `reason`
 * (NULL when accepted), `line` (the record's text, when rejected) and the contract's columns (when accepted).
 *
 * Input relations of `relations`, in which each may read those before it:
 * - `streams_rows`, `songs_rows`, `users_rows`: the zone tables' rows (`date` as `YYYY-MM-DD` text);
 *   `streams_rows` of the dates that are being computed.
 */
const relationSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/),
  sql: z.string().min(1),
});

export const planLimitsSchema = z.strictObject({
  /** Uncompressed bytes of one source. */
  maxSourceBytes: z.int().positive(),
  /** Share of a source's records that may be quarantined before the file is refused. */
  maxQuarantineRatio: z.number().min(0).max(1),
});

export const planSchema = z.strictObject({
  /** 1: datasets had no relations of their own. Runs that were opened under it are still finished. */
  format: z.literal([1, 2]),
  /** SHA-256, 64 hex digits, over everything below but `limits`: what the figures depend on. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** SHA-256 over `datasets`: which records are taken in, and as what. */
  recordsHash: z.string().regex(/^[0-9a-f]{64}$/),
  datasets: z.record(
    z.enum(DATASETS),
    z.strictObject({
      /** The contract's columns in contract order. */
      columns: z.array(
        z.strictObject({
          name: z.string(),
          type: z.enum(["string", "integer", "long", "timestamp"]),
          nullable: z.boolean(),
        }),
      ),
      /** What `sql` reads besides its inputs. An engine keeps the rows of one that is read several times. */
      relations: z.array(relationSchema).default([]),
      sql: z.string().min(1),
    }),
  ),
  /** Every relation in order: `listens`, `songs`, `users`, then the KPIs. */
  relations: z.array(relationSchema),
  /** Yields `audit`, `date`, `detail`: one row a violation. */
  audits: z.array(relationSchema),
  /** Yields a row a date: `date`, `listens`, `duplicates`, `unknown_tracks`, `unknown_users`. */
  figures: relationSchema,
  tables: z.array(tableSpecSchema),
  /** The reference views that some published relation reads. */
  reads: z.array(z.enum(["songs", "users"])),
  limits: planLimitsSchema,
});

export type Plan = z.infer<typeof planSchema>;
export type PlanLimits = z.infer<typeof planLimitsSchema>;
export type PlanDataset = Plan["datasets"][Dataset];
