/**
 * The CSV dialect, read the plain way: bytes → lines → records → fields. Says nothing about what a record means.
 */

/** A record's text, or `null` for one that was set aside as a line. */
export type RecordText = string | null;

const MEBIBYTE = 1_048_576;
const MAX_JOINED_LINES = 64;

const LF = 10;
const CR = 13;
const QUOTE = '"';

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

export const byteLength = (text: string): number => encoder.encode(text).length;

/**
 * The records of a file in the order of their first lines, the header among them.
 * @param joinsLines whether a quoted field may run over line ends (`users` and `songs`)
 */
export function readRecords(file: Uint8Array, joinsLines: boolean): RecordText[] {
  const lines = splitLines(withoutBom(file))
    .filter((line) => line.length > 0)
    .map(readLine);
  return joinsLines ? joinLines(lines) : lines;
}

function withoutBom(file: Uint8Array): Uint8Array {
  const [a, b, c] = file;
  return a === 0xef && b === 0xbb && c === 0xbf ? file.subarray(3) : file;
}

/** Lines end at LF, CR or CRLF. */
function splitLines(file: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let at = 0; at < file.length; at++) {
    if (file[at] !== LF && file[at] !== CR) continue;
    lines.push(file.subarray(start, at));
    if (file[at] === CR && file[at + 1] === LF) at++;
    start = at + 1;
  }
  lines.push(file.subarray(start));
  return lines;
}

/** The line as text, or `null` where it is set aside: too long, control characters, not UTF-8. */
function readLine(line: Uint8Array): RecordText {
  if (line.length > MEBIBYTE) return null;
  for (const byte of line) if (byte < 0x20 && byte !== 0x09) return null;
  try {
    return utf8.decode(line);
  } catch {
    return null;
  }
}

/**
 * A line with an odd number of quotes takes in the lines up to and with the next such line, if they are few and
 * short enough; otherwise it stands alone. Lines set aside are not there for this rule, and come as they are.
 */
function joinLines(lines: readonly RecordText[]): RecordText[] {
  const good = lines.flatMap((text, place) => (text === null ? [] : [{ text, place }]));
  const records: { text: RecordText; place: number }[] = lines.flatMap((text, place) =>
    text === null ? [{ text, place }] : [],
  );
  for (let i = 0; i < good.length; i++) {
    const first = good[i]!;
    const joined = hasOddQuotes(first.text) ? joinedFrom(good, i) : [first];
    records.push({ text: joined.map(({ text }) => text).join("\n"), place: first.place });
    i += joined.length - 1;
  }
  return records.sort((a, b) => a.place - b.place).map(({ text }) => text);
}

type Line = { readonly text: string; readonly place: number };

function joinedFrom(good: readonly Line[], i: number): readonly Line[] {
  const first = good[i]!;
  let bytes = byteLength(first.text);
  for (let j = i + 1; j < good.length && j - i < MAX_JOINED_LINES; j++) {
    const line = good[j]!;
    bytes += 1 + byteLength(line.text);
    if (bytes > MEBIBYTE) break;
    if (hasOddQuotes(line.text)) return good.slice(i, j + 1);
  }
  return [first];
}

function hasOddQuotes(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf(QUOTE); at !== -1; at = text.indexOf(QUOTE, at + 1)) quotes++;
  return quotes % 2 === 1;
}

/** The fields of a record, unquoted and trimmed; `undefined` where it is malformed. */
export function splitFields(record: string): string[] | undefined {
  if (!record.includes(QUOTE)) return record.split(",").map(trim);
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const field = record[at] === QUOTE ? quotedField(record, at) : bareField(record, at);
    if (field === undefined) return undefined;
    fields.push(trim(field.text));
    if (field.end === record.length) return fields;
    at = field.end + 1;
  }
}

/** A field and where it ends: at a comma, or at the end of the record. */
type Field = { readonly text: string; readonly end: number };

function bareField(record: string, start: number): Field | undefined {
  const comma = record.indexOf(",", start);
  const end = comma === -1 ? record.length : comma;
  const text = record.slice(start, end);
  return text.includes(QUOTE) ? undefined : { text, end };
}

function quotedField(record: string, start: number): Field | undefined {
  let text = "";
  for (let at = start + 1; at < record.length; at++) {
    if (record[at] !== QUOTE) text += record[at];
    else if (record[at + 1] === QUOTE) {
      text += QUOTE;
      at++;
    } else {
      const end = at + 1;
      return end === record.length || record[end] === "," ? { text, end } : undefined;
    }
  }
  return undefined;
}

/** Spaces and tabs only: `String.trim` takes more. */
function trim(field: string): string {
  let start = 0;
  let end = field.length;
  while (start < end && isBlank(field[start])) start++;
  while (end > start && isBlank(field[end - 1])) end--;
  return field.slice(start, end);
}

const isBlank = (character: string | undefined): boolean => character === " " || character === "\t";
