import { transform } from "@topline/core";
import { z } from "zod";
import { count, counted, countSchema, type Step } from "../step.ts";

const inputSchema = z.strictObject({
  /** The one that validate returned. */
  run_id: z.string(),
});

const outputSchema = z.object({
  run_id: z.string(),
  /** Such as `duckdb 1.5.6`. */
  engine: z.string(),
  plan_hash: z.string(),
  /** Records of the files that were not refused: accepted + quarantined. */
  rows: countSchema,
  accepted: countSchema,
  quarantined: countSchema,
  /** Files that were refused as they were read, as a whole. */
  refused: z.int(),
  /** How many were computed. */
  dates: z.int(),
  /** Items. */
  tables: z.array(
    z.object({ table: z.string(), put: z.int(), deleted: z.int(), unchanged: z.int() }),
  ),
});

export type TransformInput = z.input<typeof inputSchema>;
export type TransformOutput = z.output<typeof outputSchema>;

export const transformStep: Step<z.output<typeof inputSchema>, TransformOutput> = {
  name: "transform",
  input: inputSchema,
  async perform(context, input) {
    const { run_id, engine, plan_hash, sources, dates, tables } = await transform(
      context,
      input.run_id,
    );
    const taken = sources.filter(({ refused }) => refused === null);
    const rows = sum(taken.map((source) => source.rows));
    const accepted = sum(taken.map((source) => source.accepted));
    const quarantined = sum(taken.flatMap((source) => Object.values(source.quarantined)));
    const output = outputSchema.parse({
      run_id,
      engine,
      plan_hash,
      rows: count(rows),
      accepted: count(accepted),
      quarantined: count(quarantined),
      refused: sources.length - taken.length,
      dates: dates.length,
      tables,
    });
    const figures = [
      counted("rows", rows),
      counted("accepted", accepted),
      counted("quarantined", quarantined),
      counted("files_refused", output.refused),
      counted("dates", output.dates),
      counted("items_put", total(tables, "put")),
      counted("items_deleted", total(tables, "deleted")),
    ];
    return { output, figures };
  },
};

const sum = (counts: readonly bigint[]) => counts.reduce((all, one) => all + one, 0n);

const total = <K extends string>(tables: readonly Readonly<Record<K, number>>[], which: K) =>
  tables.reduce((all, table) => all + table[which], 0);
