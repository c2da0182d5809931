/** How long a removed file is told of, so that nobody takes it for one that was never there. */

const PROPERTY = "delta.deletedFileRetentionDuration";

const UNITS: Readonly<Record<string, number>> = {
  nanosecond: 1e-6,
  microsecond: 1e-3,
  millisecond: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
};

/** The protocol's own. */
const DEFAULT_MS = 7 * 86_400_000;

/** Milliseconds, as the table's properties say it (`interval 2 days 12 hours`). What is not understood is the default. */
export function tombstonesKept(configuration: unknown): number {
  const properties = (configuration ?? {}) as Readonly<Record<string, unknown>>;
  const text = properties[PROPERTY];
  if (typeof text !== "string") return DEFAULT_MS;
  const parts = text
    .trim()
    .toLowerCase()
    .replace(/^interval\s+/, "");
  if (!/^([0-9]+\s+[a-z]+\s*)+$/.test(parts)) return DEFAULT_MS;
  let total = 0;
  for (const [, count, unit = ""] of parts.matchAll(/([0-9]+)\s+([a-z]+?)s?(?:\s|$)/g)) {
    const length = UNITS[unit];
    if (length === undefined) return DEFAULT_MS;
    total += Number(count) * length;
  }
  return total;
}
