import type { Dataset } from "@topline/core";

/**
 * The CSV dialect of every file: how bytes are text, and how a record is cut into fields.
 * The same rules as SQL are in `sql/`; what makes a field good is the contracts'.
 */

/** Bytes of a line without its end, and of a record of several lines with the LFs that join them. */
export const MAX_LINE_BYTES = 1_048_576;

/** Lines that a quoted record may span. */
export const MAX_RECORD_LINES = 64;

/** Bytes of the header's record. */
export const MAX_HEADER_BYTES = 65_536;

/** Whether a quoted field of the dataset may hold line ends. A listen is one line, whatever its quotes. */
export const joinsLines = (dataset: Dataset): boolean => dataset !== "streams";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const forbidden = /[\u0000-\u0008\u000a-\u001f]/;

/** The text of one line, or `undefined` when the line is to be set aside. */
export function decodeLine(bytes: Uint8Array): string | undefined {
  if (bytes.length > MAX_LINE_BYTES) return undefined;
  try {
    const text = utf8.decode(bytes);
    return forbidden.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Whether a line opens or closes a record of several lines. */
export function hasOddQuotes(line: string): boolean {
  let odd = false;
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) odd = !odd;
  return odd;
}

/** The fields of a record, unquoted and trimmed, or `undefined` when the record is malformed. */
export function cutFields(record: string): string[] | undefined {
  const fields: string[] = [];
  for (let start = 0; ;) {
    const field = record[start] === '"' ? quotedField(record, start) : plainField(record, start);
    if (field === undefined) return undefined;
    fields.push(trimBlanks(field.value));
    if (field.end === record.length) return fields;
    if (record[field.end] !== ",") return undefined;
    start = field.end + 1;
  }
}

interface Field {
  readonly value: string;
  /** Index of what follows the field. */
  readonly end: number;
}

function plainField(record: string, start: number): Field | undefined {
  const comma = record.indexOf(",", start);
  const end = comma < 0 ? record.length : comma;
  const value = record.slice(start, end);
  return value.includes('"') ? undefined : { value, end };
}

function quotedField(record: string, start: number): Field | undefined {
  let value = "";
  for (let from = start + 1; ;) {
    const quote = record.indexOf('"', from);
    if (quote < 0) return undefined;
    value += record.slice(from, quote);
    if (record[quote + 1] !== '"') return { value, end: quote + 1 };
    value += '"';
    from = quote + 2;
  }
}

const isBlank = (char: string | undefined) => char === " " || char === "\t";

/** Spaces and tabs only: other white space, such as a no-break space, is part of a value. */
function trimBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value[start])) start++;
  while (end > start && isBlank(value[end - 1])) end--;
  return value.slice(start, end);
}
