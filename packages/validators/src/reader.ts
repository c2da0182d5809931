import type { Dataset } from "@topline/core";
import {
  cutFields,
  decodeLine,
  hasOddQuotes,
  joinsLines,
  MAX_LINE_BYTES,
  MAX_RECORD_LINES,
} from "./dialect.ts";

/**
 * The dialect read in plain TypeScript, a whole file in memory: slow, obvious, and independent of the SQL.
 * It judges the engines in tests; nothing reads a producer's file with it.
 */

export interface ReadRecord {
  /** The record's first line, counted from 1 over the lines that are not empty. */
  readonly n: number;
  /** The record as it stands in the file, its lines joined by LF. Of a line that is not UTF-8: lossy. */
  readonly text: string;
  /** One a column of the header, unquoted and trimmed; `undefined` when the record is malformed. */
  readonly fields: readonly string[] | undefined;
}

export interface ReadFile {
  /** `undefined` when the file holds no record. */
  readonly header: ReadRecord | undefined;
  /** Every record after the header, in the file's order. */
  readonly records: readonly ReadRecord[];
}

export function readRecords(dataset: Dataset, bytes: Uint8Array): ReadFile {
  const lines = splitLines(bytes).map((raw, i) => ({ n: i + 1, raw, text: decodeLine(raw) }));
  const aside = lines.filter((line) => line.text === undefined);
  const good = lines.flatMap(({ n, raw, text }) =>
    text === undefined ? [] : [{ n, size: raw.length, text, odd: hasOddQuotes(text) }],
  );

  const texts = aside.map(({ n, raw }) => ({ n, text: lossy.decode(raw), isAside: true }));
  for (let i = 0; i < good.length;) {
    const end = joinsLines(dataset) ? recordEnd(good, i) : i + 1;
    const parts = good.slice(i, end);
    const text = parts.map((part) => part.text).join("\n");
    texts.push({ n: parts[0]?.n ?? 0, text, isAside: false });
    i = end;
  }
  texts.sort((a, b) => a.n - b.n);

  const [first, ...rest] = texts;
  const header = first && { n: first.n, text: first.text, fields: fieldsOf(first) };
  const width = header?.fields?.length;
  const records = rest.map((record) => {
    const fields = fieldsOf(record);
    const fits = fields?.length === width;
    return { n: record.n, text: record.text, fields: fits ? fields : undefined };
  });
  return { header, records };
}

const fieldsOf = (record: { text: string; isAside: boolean }) =>
  record.isAside ? undefined : cutFields(record.text);

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

/** The lines that are not empty, as bytes without their ends. */
export function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  const hasBom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  let start = hasBom ? 3 : 0;
  for (let at = start; at <= bytes.length; at++) {
    if (at < bytes.length && bytes[at] !== 0x0a && bytes[at] !== 0x0d) continue;
    if (at > start) lines.push(bytes.subarray(start, at));
    start = at + 1;
  }
  return lines;
}

/** Where the record that begins at line `i` ends, exclusively. */
function recordEnd(lines: readonly { size: number; odd: boolean }[], i: number): number {
  if (lines[i]?.odd !== true) return i + 1;
  let size = lines[i]?.size ?? 0;
  for (let j = i + 1; j < lines.length && j - i < MAX_RECORD_LINES; j++) {
    size += 1 + (lines[j]?.size ?? 0);
    if (lines[j]?.odd === true) return size <= MAX_LINE_BYTES ? j + 1 : i + 1;
  }
  return i + 1;
}
