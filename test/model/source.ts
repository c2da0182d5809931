import { byteLength, readRecords, splitFields } from "./csv.ts";
import { brokenRule, CONTRACTS, type Dataset } from "./contracts.ts";
import { gunzip } from "./gzip.ts";

/** What one file is worth: refused whole, or its rows and what was rejected of it. */

export type Refusal =
  | "EMPTY_FILE"
  | "NOT_TEXT"
  | "MISSING_COLUMN"
  | "DUPLICATE_COLUMN"
  | "HEADER_TOO_LONG"
  | "DAMAGED_GZIP"
  | "TOO_LARGE"
  | "TOO_MANY_BAD_ROWS";

/** Contract columns by name; '' where absent. */
export type Row = ReadonlyMap<string, string>;

export interface Limits {
  readonly maxSourceBytes: number;
  readonly maxQuarantineRatio: number;
}

export type Reading =
  | {
      readonly refused: Refusal;
      /** By its beginning alone, before a run takes anything in. */
      readonly byHead: boolean;
    }
  | {
      readonly refused: null;
      readonly records: number;
      readonly rows: readonly Row[];
      /** Rejected records by reason. */
      readonly quarantined: Readonly<Record<string, number>>;
      /** They themselves; one that is no text as the empty text. */
      readonly rejected: readonly { readonly reason: string; readonly text: string }[];
      /** Header names beyond the contract's, in the file's order. */
      readonly extraColumns: readonly string[];
    };

/** @returns the dataset of an inbox key, or `undefined` for a key that is left alone */
export function datasetOf(key: string): Dataset | undefined {
  if (/^raw-data\/users\.csv(\.gz)?$/.test(key)) return "users";
  if (/^raw-data\/songs\.csv(\.gz)?$/.test(key)) return "songs";
  if (/^raw-data\/streams\.csv(\.gz)?$/.test(key)) return "streams";
  if (/^raw-data\/streams\/.*\.csv(\.gz)?$/s.test(key)) return "streams";
  return undefined;
}

const MAX_HEADER_BYTES = 65_536;

export function readSource(
  dataset: Dataset,
  stored: { readonly key: string; readonly bytes: Uint8Array },
  limits: Limits,
): Reading {
  const isGzip = stored.key.endsWith(".gz") && stored.bytes.length > 0;
  const { bytes, isDamaged } = isGzip
    ? gunzip(stored.bytes)
    : { bytes: stored.bytes, isDamaged: false };

  const [header, ...records] = readRecords(bytes, dataset !== "streams");
  // A header whose end was not reached before the damage is no header.
  const isHeadWhole = header !== undefined && (records.length > 0 || endsALine(bytes));
  if (isDamaged && !isHeadWhole) return refuse("DAMAGED_GZIP", "head");
  if (header === undefined) return refuse("EMPTY_FILE", "head");
  if (header === null) return refuse("NOT_TEXT", "head");
  const names = splitFields(header) ?? [];
  const fault = headerFault(dataset, header, names);
  if (fault !== undefined) return refuse(fault, "head");

  if (isDamaged) return refuse("DAMAGED_GZIP", "whole");
  if (bytes.length > limits.maxSourceBytes) return refuse("TOO_LARGE", "whole");

  const rows: Row[] = [];
  const quarantined: Record<string, number> = {};
  const rejected: { reason: string; text: string }[] = [];
  for (const record of records) {
    const row = record === null ? undefined : rowOf(dataset, names, splitFields(record));
    const broken = row === undefined ? "malformed" : brokenRule(dataset, row);
    if (row !== undefined && broken === undefined) rows.push(row);
    else {
      const reason = broken ?? "";
      quarantined[reason] = (quarantined[reason] ?? 0) + 1;
      rejected.push({ reason, text: record ?? "" });
    }
  }
  if (rejected.length > limits.maxQuarantineRatio * records.length)
    return refuse("TOO_MANY_BAD_ROWS", "whole");
  const wanted = new Set(CONTRACTS[dataset].map(({ name }) => name));
  const extraColumns = names.filter((name) => !wanted.has(name));
  return { refused: null, records: records.length, rows, quarantined, rejected, extraColumns };
}

const endsALine = (bytes: Uint8Array): boolean => [10, 13].includes(bytes.at(-1) ?? 0);

const refuse = (refused: Refusal, by: "head" | "whole"): Reading => ({
  refused,
  byHead: by === "head",
});

function headerFault(
  dataset: Dataset,
  header: string,
  names: readonly string[],
): Refusal | undefined {
  const wanted = CONTRACTS[dataset].map(({ name }) => name);
  if (wanted.some((name) => !names.includes(name))) return "MISSING_COLUMN";
  if (wanted.some((name) => names.indexOf(name) !== names.lastIndexOf(name))) {
    return "DUPLICATE_COLUMN";
  }
  if (byteLength(header) > MAX_HEADER_BYTES) return "HEADER_TOO_LONG";
  return undefined;
}

function rowOf(
  dataset: Dataset,
  names: readonly string[],
  fields: readonly string[] | undefined,
): Row | undefined {
  if (fields?.length !== names.length) return undefined;
  return new Map(CONTRACTS[dataset].map(({ name }) => [name, fields[names.indexOf(name)] ?? ""]));
}
