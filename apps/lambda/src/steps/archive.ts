import { archive, REJECTED, reportKey } from "@topline/core";
import { z } from "zod";
import { counted, firstTexts, type Step } from "../step.ts";

const inputSchema = z.strictObject({
  /** The one that validate returned. */
  run_id: z.string(),
});

const outputSchema = z.object({
  run_id: z.string(),
  status: z.literal("succeeded"),
  /** Files. */
  archived: z.int(),
  /** Files that went to `rejected/`. */
  rejected: z.int(),
  warnings: z.array(z.string()),
  /** The key of the run's report. */
  report: z.string(),
});

export type ArchiveInput = z.input<typeof inputSchema>;
export type ArchiveOutput = z.output<typeof outputSchema>;

export const archiveStep: Step<z.output<typeof inputSchema>, ArchiveOutput> = {
  name: "archive",
  input: inputSchema,
  async perform(context, input) {
    const { run_id, archived, warnings } = await archive(context, input.run_id);
    const rejected = archived.filter((file) => file.archived_to.startsWith(REJECTED)).length;
    const output = outputSchema.parse({
      run_id,
      status: "succeeded",
      archived: archived.length - rejected,
      rejected,
      warnings: firstTexts(warnings),
      report: reportKey(run_id),
    });
    const figures = [
      counted("files_archived", output.archived),
      counted("files_rejected", rejected),
    ];
    return { output, figures };
  },
};
