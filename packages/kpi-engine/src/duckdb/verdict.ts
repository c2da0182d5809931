import type { EngineSource, PlanLimits, SourceVerdict } from "@topline/core";

/** What becomes of a source, once its records are counted. */

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
