import { Buffer } from "node:buffer";
import { Readable, pipeline } from "node:stream";
import { createGunzip, createGzip, type Gunzip, type Gzip } from "node:zlib";
import type { ChosenRecords, Head, RecordFile, UserRecords } from "@topline/core";
import {
  cutFields,
  decodeLine,
  hasOddQuotes,
  joinsLines,
  MAX_LINE_BYTES,
  MAX_RECORD_LINES,
} from "./dialect.ts";
import { CR, LF, type LinePiece, linePieces } from "./line-pieces.ts";

export const userRecords: UserRecords = {
  async find(file, userId, body) {
    const search = new Search(file, userId);
    for await (const pieces of linePieces(undone(file, body))) {
      for (const piece of pieces) search.push(piece);
    }
    return search.finish();
  },

  without(file, chosen, body) {
    const kept = keptBytes(undone(file, body), chosen);
    return file.compression === "gzip" ? through(kept, createGzip()) : kept;
  },

  isOf,
};

/** What the quarantine shows of bytes that are no text. */
const unreadable = /[\u0000-\u0008\u000b-\u001f\ufffd]/;

function isOf(userId: string, record: string, head: Head | undefined): boolean {
  if (unreadable.test(record)) return record.includes(userId);
  const fields = cutFields(record);
  const at = head?.positions["user_id"];
  if (fields !== undefined && at !== undefined && fields.length === head?.width) {
    return fields[at] === userId;
  }
  return stands(userId, record);
}

/** Whether the id stands by itself in what cannot be cut into fields. */
function stands(userId: string, record: string): boolean {
  if (/[",\n]/.test(userId)) {
    return record.includes(userId) || record.includes(userId.replaceAll('"', '""'));
  }
  return record.split(/[",\n]/).some((piece) => piece.replace(/^[ \t]+|[ \t]+$/g, "") === userId);
}

const BOM = Buffer.of(0xef, 0xbb, 0xbf);
const NOTHING = Buffer.alloc(0);

interface Line {
  readonly place: number;
  readonly text: string;
  readonly size: number;
  readonly isOdd: boolean;
}

/** Cuts lines into records as the dialect has it, and keeps the places of those that are the user's. */
class Search {
  readonly #file: RecordFile;
  readonly #userId: string;
  readonly #id: Buffer;
  readonly #lines: number[] = [];
  /** A line is a record, and the id is written there as it is: without it, it need not be looked at. */
  readonly #isPlain: boolean;
  #records = 0n;
  #isBroken = false;
  #hasHeader = false;
  /** The line that is being read, as far as it is kept. */
  #begun: Buffer[] = [];
  #size = 0;
  #place = 0;
  #isFirstLine = true;
  /** Of a line that is too long: its last bytes, and whether the id was met. */
  #tail = NOTHING;
  #isMet = false;
  /** A line with an odd number of quotes, and those after it while its end is looked for. */
  #open: Line[] = [];
  #openSize = 0;

  constructor(file: RecordFile, userId: string) {
    this.#file = file;
    this.#userId = userId;
    this.#id = Buffer.from(userId);
    this.#isPlain = !joinsLines(file.dataset) && !userId.includes('"');
  }

  push({ bytes, line, isEnd }: LinePiece): void {
    this.#place = line;
    this.#size += bytes.length;
    if (isEnd && this.#begun.length === 0 && this.#size === bytes.length)
      return this.#endLine(bytes);
    if (this.#size <= MAX_LINE_BYTES + BOM.length) {
      // The chunk is the caller's, and may be filled anew.
      if (bytes.length > 0) this.#begun.push(Buffer.from(bytes));
    } else {
      const seen = Buffer.concat([this.#tail, ...this.#begun, bytes]);
      this.#begun = [];
      this.#isMet ||= seen.includes(this.#id);
      this.#tail = seen.subarray(Math.max(0, seen.length - this.#id.length + 1));
    }
    if (isEnd) this.#endLine(Buffer.concat(this.#begun));
  }

  /** @param whole the line; nothing where it is too long */
  #endLine(whole: Buffer): void {
    const isTooLong = this.#size > MAX_LINE_BYTES + BOM.length;
    const hasBom = this.#isFirstLine && whole.subarray(0, BOM.length).equals(BOM);
    const bytes = hasBom ? whole.subarray(BOM.length) : whole;
    this.#isFirstLine = false;
    const isMet = this.#isMet || bytes.includes(this.#id);
    if (this.#begun.length > 0) this.#begun = [];
    this.#tail = NOTHING;
    this.#isMet = false;
    const isNothing = !isTooLong && bytes.length === 0;
    this.#size = 0;
    if (isNothing || (!isMet && this.#isPlain && this.#hasHeader)) return;
    const text = isTooLong ? undefined : decodeLine(bytes);
    if (text === undefined) {
      if (isMet) this.#choose([this.#place]);
      return;
    }
    this.#take({ place: this.#place, text, size: bytes.length, isOdd: hasOddQuotes(text) });
  }

  finish(): ChosenRecords {
    this.#standAlone();
    const lines = this.#lines.sort((a, b) => a - b);
    return { records: this.#records, lines, isBlanked: this.#isBroken && lines.length > 0 };
  }

  #take(line: Line): void {
    if (!joinsLines(this.#file.dataset)) return this.#record([line]);
    if (this.#open.length === 0) return line.isOdd ? this.#begin(line) : this.#record([line]);
    this.#openSize += 1 + line.size;
    if (this.#openSize > MAX_LINE_BYTES || this.#open.length === MAX_RECORD_LINES) {
      this.#standAlone();
      return this.#take(line);
    }
    this.#open.push(line);
    if (!line.isOdd) return;
    const lines = this.#open;
    this.#open = [];
    this.#record(lines);
  }

  #begin(line: Line): void {
    this.#open = [line];
    this.#openSize = line.size;
  }

  /** The end of the open record is out of reach: each of its lines is a record. */
  #standAlone(): void {
    const lines = this.#open;
    this.#open = [];
    if (lines.length > 0) this.#isBroken = true;
    for (const line of lines) this.#record([line]);
  }

  #record(lines: readonly Line[]): void {
    if (!this.#hasHeader) {
      this.#hasHeader = true;
      return;
    }
    const text = lines.map((line) => line.text).join("\n");
    if (isOf(this.#userId, text, this.#file.head)) this.#choose(lines.map(({ place }) => place));
  }

  #choose(places: readonly number[]): void {
    this.#records += 1n;
    for (const place of places) this.#lines.push(place);
  }
}

/** With a line goes its end; of CR and LF, both. */
async function* keptBytes(
  body: AsyncIterable<Uint8Array>,
  { lines, isBlanked }: ChosenRecords,
): AsyncGenerator<Uint8Array> {
  let next = 0;
  let isAfterCut = false;
  for await (const pieces of linePieces(body)) {
    const kept: Buffer[] = [];
    for (const { bytes, line, isEnd, end } of pieces) {
      while (next < lines.length && (lines[next] ?? 0) < line) next += 1;
      const isCut = lines[next] === line;
      if (isCut && !isBlanked) {
        isAfterCut = end === CR;
        continue;
      }
      const isRestOfEnd = isAfterCut && bytes.length === 0 && end === LF;
      if (isEnd || bytes.length > 0) isAfterCut = false;
      if (isRestOfEnd) continue;
      kept.push(isCut ? Buffer.alloc(bytes.length, " ") : bytes);
      if (end !== undefined) kept.push(ENDS[end]);
    }
    if (kept.length > 0) yield Buffer.concat(kept);
  }
}

const ENDS = { [LF]: Buffer.of(LF), [CR]: Buffer.of(CR) } as const;

const undone = ({ compression }: RecordFile, body: AsyncIterable<Uint8Array>) =>
  compression === "gzip" ? through(body, createGunzip()) : body;

async function* through(
  body: AsyncIterable<Uint8Array>,
  transform: Gunzip | Gzip,
): AsyncGenerator<Uint8Array> {
  // What goes wrong shows to whoever reads the transform.
  pipeline(Readable.from(body), transform, () => {});
  yield* transform as AsyncIterable<Uint8Array>;
}
