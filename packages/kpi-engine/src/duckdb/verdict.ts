import {
  type EngineSource,
  type PlanLimits,
  type SourceVerdict,
  ToplineError,
} from "@topline/core";

/** What becomes of a source, once its records are counted. */

export interface IngestedSource {
  readonly source: EngineSource;
  /** Its `source` in every table. */
  readonly name: number;
  readonly verdict: SourceVerdict;
  /** Each record is one line, and so numbered from the first line. */
  readonly isLinewise: boolean;
}

export function verdictOf(
  source: EngineSource,
  records: bigint,
  quarantined: Record<string, bigint>,
  { maxQuarantineRatio }: PlanLimits,
): SourceVerdict {
  const bad = Object.values(quarantined).reduce((sum, count) => sum + count, 0n);
  const { sourceId, key } = source;
  const verdict = { sourceId, records, accepted: records - bad, quarantined, refused: null };
  if (Number(bad) <= maxQuarantineRatio * Number(records)) return verdict;
  const reasons = Object.entries(quarantined)
    .sort(([, a], [, b]) => (a < b ? 1 : -1))
    .map(([reason, count]) => `${reason} ${count}`);
  const message = `${key} has ${bad} bad records of ${records} (${reasons.join(", ")}); the limit maxQuarantineRatio is ${maxQuarantineRatio} of its records. Mend the export and upload the file again.`;
  return { ...verdict, refused: { code: "TOO_MANY_BAD_ROWS", message } };
}

export const refusedUnread = (
  { sourceId }: EngineSource,
  refused: NonNullable<SourceVerdict["refused"]>,
): SourceVerdict => ({ sourceId, records: 0n, accepted: 0n, quarantined: {}, refused });

/** What DuckDB has read differs from what was written for it. */
export function lost(
  { key }: EngineSource,
  expected: number,
  found: bigint,
  unit = "bytes of lines",
): ToplineError {
  return new ToplineError(
    "ENGINE_FAILED",
    `DuckDB read ${found} ${unit} of ${key}; ${expected} were written for it. Nothing was taken in; this is a fault of the engine: please report it.`,
  );
}

export function headerGone({ key, inputKey, head }: EngineSource): ToplineError {
  return new ToplineError(
    "STATE_CORRUPT",
    `The copy ${inputKey} of ${key} has no record equal to the header ${JSON.stringify(head.record.slice(0, 200))} that was read from the file. Start a new run.`,
  );
}
