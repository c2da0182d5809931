/** Dates and times as the contracts read them: text of ASCII digits that names a real moment, in UTC. */

const datePattern = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const timestampPattern =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?Z?$/;

/** Days since 1970-01-01 of a date of the years 0001–9999, or `undefined`. */
export function readDate(text: string): number | undefined {
  const [year = 0, month = 0, day = 0] = (datePattern.exec(text) ?? []).slice(1).map(Number);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) {
    return undefined;
  }
  const moment = new Date(0);
  moment.setUTCFullYear(year, month - 1, day);
  return moment.getTime() / 86_400_000;
}

/** Microseconds since 1970 of a moment of the years 1970–9999, or `undefined`. */
export function readTimestamp(text: string): bigint | undefined {
  const [date = "", hour = "", minute = "", second = "", fraction = ""] =
    timestampPattern.exec(text)?.slice(1) ?? [];
  const day = readDate(date);
  if (day === undefined || day < 0) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const seconds = day * 86_400 + Number(hour) * 3_600 + Number(minute) * 60 + Number(second);
  return BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(6, "0"));
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

const isLeapYear = (year: number) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
