import { compareCodePoints } from "../code-points.ts";
import { ToplineError } from "../errors.ts";
import type { RunLedger, SourceRecord } from "../ports/run-ledger.ts";
import type { SourceNamed } from "./report.ts";

/** Sources that a list in a message names. */
const LISTED = 20;

/**
 * The source that a source id or a key names.
 * @throws {ToplineError} `SOURCE_NOT_FOUND`; `SOURCE_AMBIGUOUS`
 */
export async function findSource(
  ledger: Pick<RunLedger, "source" | "sources">,
  name: string,
): Promise<SourceRecord> {
  const byId = await ledger.source(name);
  if (byId !== undefined) return byId;
  const found: SourceRecord[] = [];
  for await (const source of ledger.sources()) if (source.key === name) found.push(source);
  const [source, ...others] = found;
  if (source === undefined) {
    throw new ToplineError(
      "SOURCE_NOT_FOUND",
      `No source ${JSON.stringify(name)} was ever taken in: neither a source id nor a key of the inbox, such as raw-data/streams/a.csv, is recorded under it. \`topline runs RUN_ID --json\` lists a run's sources.`,
    );
  }
  if (others.length > 0) throw ambiguous(name, found);
  return source;
}

function ambiguous(key: string, found: readonly SourceRecord[]): ToplineError {
  const list = [...found]
    .sort((a, b) => compareCodePoints(a.archivedTo, b.archivedTo))
    .slice(0, LISTED)
    .map(({ sourceId, state, runId, archivedTo }) =>
      [sourceId, `${state}, run ${runId}`, archivedTo].filter((part) => part !== "").join(", "),
    );
  const more = found.length > LISTED ? `; and ${found.length - LISTED} more` : "";
  return new ToplineError(
    "SOURCE_AMBIGUOUS",
    `${found.length} sources came under ${key}: ${list.join("; ")}${more}. Name one by its source id. Nothing was changed.`,
  );
}

export const sourceNamed = (record: SourceRecord): SourceNamed => ({
  key: record.key,
  source_id: record.sourceId,
  dataset: record.dataset,
  run_id: record.runId,
  archived_to: record.archivedTo,
});
