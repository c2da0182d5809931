import { DATASETS, validate } from "@topline/core";
import { z } from "zod";
import { counted, firstTexts, MOST_ENTRIES, shorten, type Step } from "../step.ts";

const inputSchema = z.strictObject({
  /** The caller's: the same for every attempt. */
  run_id: z.string(),
  /** The folder in archive and rejected. Default: today, UTC. */
  run_date: z.iso.date().optional(),
});

const outputSchema = z.object({
  /** The one to go on with: that of the open run, where one is open. */
  run_id: z.string(),
  status: z.enum(["ready", "waiting", "nothing-to-do"]),
  waiting_for: z.array(z.enum(DATASETS)),
  /** Files. */
  accepted: z.int(),
  rejected: z.int(),
  /** The first of them. */
  rejections: z.array(z.object({ key: z.string(), code: z.string(), message: z.string() })),
  warnings: z.array(z.string()),
});

export type ValidateInput = z.input<typeof inputSchema>;
export type ValidateOutput = z.output<typeof outputSchema>;

export const validateStep: Step<z.output<typeof inputSchema>, ValidateOutput> = {
  name: "validate",
  input: inputSchema,
  async perform(context, { run_id: runId, run_date: runDate }) {
    const result = await validate(context, {
      runId,
      ...(runDate === undefined ? {} : { runDate }),
    });
    const { run_id, status, waiting_for, accepted, rejected, warnings } = result;
    const output = outputSchema.parse({
      run_id,
      status,
      waiting_for,
      accepted: accepted.length,
      rejected: rejected.length,
      rejections: rejected
        .slice(0, MOST_ENTRIES)
        .map(({ key, code, message }) => ({ key, code, message: shorten(message) })),
      warnings: firstTexts(warnings),
    });
    const figures = [
      counted("files_accepted", accepted.length),
      counted("files_rejected", rejected.length),
    ];
    return { output, figures };
  },
};
