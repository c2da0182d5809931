import { z } from "zod";
import { DATASETS } from "../datasets.ts";
import { readDocument, writeDocument } from "../documents.ts";
import { type Fault, ToplineError } from "../errors.ts";
import { countSchema } from "../json.ts";
import { abandonmentKey } from "../layout.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { REFUSAL_CODES } from "../report.ts";
import type { PipelineContext } from "./ports.ts";

/**
 * What becomes of each file of a run that is given up: decided and written down before anything is done about
 * it, so that whoever comes next completes it, and nobody goes on with the run.
 */
const abandonedSourceSchema = z.object({
  source_id: z.string(),
  key: z.string(),
  name: z.string(),
  /** Null where no manifest tells it. */
  dataset: z.enum(DATASETS).nullable(),
  /** The run's own copy. */
  input_key: z.string(),
  /** `inbox`: it lies there as the run found it. `archived`: the run had moved it. */
  outcome: z.enum(["inbox", "archived", "rejected"]),
  refused: z.object({ code: z.enum(REFUSAL_CODES), message: z.string() }).nullable(),
  /** Where it lies, in archive or `rejected/`; null in the inbox, and where no copy was left. */
  archived_to: z.string().nullable(),
});

const abandonmentSchema = z.object({
  run_id: z.string(),
  run_date: z.iso.date(),
  started_at: z.string(),
  /** Null until every file is where it belongs. */
  finished_at: z.string().nullable(),
  /** Null where no manifest tells it. */
  intake: countSchema.nullable(),
  sources: z.array(abandonedSourceSchema),
  warnings: z.array(z.string()),
});

export type Abandonment = z.infer<typeof abandonmentSchema>;
export type AbandonedSource = z.infer<typeof abandonedSourceSchema>;

export const readAbandonment = (
  store: ObjectStore,
  runId: string,
): Promise<Abandonment | undefined> =>
  readDocument(store, abandonmentKey(runId), abandonmentSchema);

export const writeAbandonment = (store: ObjectStore, abandonment: Abandonment): Promise<void> =>
  writeDocument(store, abandonmentKey(abandonment.run_id), abandonment);

/** @throws {ToplineError} `RUN_NOT_OPEN` */
export async function refuseAbandoned(
  { store }: Pick<PipelineContext, "store">,
  runId: string,
): Promise<void> {
  if ((await readAbandonment(store, runId)) === undefined) return;
  throw new ToplineError(
    "RUN_NOT_OPEN",
    `Run ${runId} was abandoned, so it cannot go on. What it had not taken in is in the inbox again or in rejected/: begin a run under another id.`,
  );
}

/** The error in the report of such a run. */
export function abandonedFault({ run_id, sources }: Abandonment): Fault {
  const count = (outcome: AbandonedSource["outcome"]) =>
    sources.filter((source) => source.outcome === outcome).length;
  return {
    code: "ABANDONED",
    message: `Run ${run_id} was abandoned. Of its files, ${sources.length} in all: in the inbox again ${count("inbox")}, moved to rejected/ ${count("rejected")}, archived before ${count("archived")}.`,
    is_retryable: false,
  };
}
