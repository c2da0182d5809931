/**
 * What a valid row is, dataset by dataset, in contract order. A value is its text after trimming; '' is absent.
 */

export type Dataset = "songs" | "users" | "streams";

export interface Column {
  readonly name: string;
  readonly isRequired: boolean;
  /** Asked of present values only. */
  readonly isValid: (value: string) => boolean;
}

const codePoints = (value: string): number => Array.from(value).length;
const atMost = (limit: number) => (value: string) =>
  value.length <= limit || codePoints(value) <= limit;

const wholeNumber = (greatest: number) => (value: string) =>
  /^[0-9]+$/.test(value) && value.replace(/^0+/, "").length <= 9 && Number(value) <= greatest;

const required = (name: string, isValid: Column["isValid"]) => ({
  name,
  isRequired: true,
  isValid,
});
const optional = (name: string, isValid: Column["isValid"]) => ({
  name,
  isRequired: false,
  isValid,
});

export const CONTRACTS: Readonly<Record<Dataset, readonly Column[]>> = {
  streams: [
    required("user_id", atMost(255)),
    required("track_id", atMost(255)),
    required("listen_time", (value) => readListenTime(value) !== undefined),
  ],
  songs: [
    required("track_id", atMost(255)),
    optional("artists", atMost(2048)),
    optional("album_name", atMost(2048)),
    optional("track_name", atMost(2048)),
    required("duration_ms", wholeNumber(86_400_000)),
    required("track_genre", atMost(255)),
  ],
  users: [
    required("user_id", atMost(255)),
    optional("user_name", atMost(2048)),
    optional("user_age", wholeNumber(150)),
    optional("user_country", atMost(2048)),
    optional("created_at", isCreationDate),
  ],
};

/** Why a row is rejected: the first broken rule in contract order. */
export function brokenRule(dataset: Dataset, row: ReadonlyMap<string, string>): string | undefined {
  for (const { name, isRequired, isValid } of CONTRACTS[dataset]) {
    const value = row.get(name) ?? "";
    if (value === "") {
      if (isRequired) return `missing:${name}`;
    } else if (!isValid(value)) return `invalid:${name}`;
  }
  return undefined;
}

/** As `YYYY-MM-DD HH:MM:SS.ffffff`, so that equal instants are equal text; `undefined` where it is none. */
export function readListenTime(value: string): string | undefined {
  const parts =
    /^([0-9]{4})-([0-9]{2})-([0-9]{2})[ T]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?Z?$/.exec(
      value,
    );
  if (parts === null) return undefined;
  const [, year = "", month = "", day = "", hour = "", minute = "", second = ""] = parts;
  if (!isDate(Number(year), Number(month), Number(day)) || Number(year) < 1970) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  return `${year}-${month}-${day} ${hour}:${minute}:${second}.${(parts[7] ?? "").padEnd(6, "0")}`;
}

function isCreationDate(value: string): boolean {
  const parts = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(value);
  return parts !== null && isDate(Number(parts[1]), Number(parts[2]), Number(parts[3]));
}

/** The Gregorian calendar, also before its time, from year 1. */
function isDate(year: number, month: number, day: number): boolean {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return year >= 1 && days !== undefined && day >= 1 && day <= days;
}
