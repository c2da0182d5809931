import { Buffer, isUtf8 } from "node:buffer";

/**
 * Makes bytes of any kind into what DuckDB's reader takes without loss: lines of UTF-8 that end at LF, none
 * of them empty, none longer than `MAX_LINE`. A line that cannot be had so is set aside: it comes as `chr(0)`
 * and a readable form of its text. What makes any other line good or bad is the plan's SQL.
 */

/** Bytes of a line without its end; the dialect sets longer ones aside. */
export const MAX_LINE = 1_048_576;

/** Bytes of a line that is set aside beyond `MAX_LINE` which are kept for its text. */
const KEPT = 65_536;

const LF = 0x0a;
const CR = 0x0d;

/** Separates no columns: lines that hold it are set aside, with the byte written otherwise. */
const DELIMITER = 0x02;

export class LineCleaner {
  #opening: Buffer | undefined = Buffer.alloc(0);
  #atLineStart = true;
  /** The line that has begun, or its first `KEPT` bytes once it is too long. */
  #begun: Buffer[] = [];
  #begunBytes = 0;

  /** The lines that end in `chunk`, each with its LF. */
  *push(chunk: Uint8Array): Generator<Buffer> {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#opening !== undefined) {
      bytes = Buffer.concat([this.#opening, bytes]);
      this.#opening = bytes.length < 3 ? bytes : undefined;
      if (this.#opening !== undefined) return;
      if (startsWithBom(bytes)) bytes = bytes.subarray(3);
    }
    yield* this.#take(bytes);
  }

  /** The last line, when nothing ends it. */
  *end(): Generator<Buffer> {
    if (this.#opening !== undefined) yield* this.#take(this.#opening);
    this.#opening = undefined;
    if (this.#begunBytes > 0) yield* this.#finishLine(Buffer.alloc(0));
  }

  *#take(bytes: Buffer): Generator<Buffer> {
    // Within a piece of this size, only the line that it finishes can be too long.
    for (let at = 0; at < bytes.length; at += MAX_LINE) {
      const piece = this.#normalised(bytes.subarray(at, at + MAX_LINE));
      const first = piece.indexOf(LF);
      if (first < 0) {
        this.#begin(piece);
        continue;
      }
      const last = piece.lastIndexOf(LF);
      yield* this.#finishLine(piece.subarray(0, first));
      if (last > first) yield* whole(piece.subarray(first + 1, last + 1));
      this.#begin(piece.subarray(last + 1));
    }
  }

  /** CR and CRLF as LF, and no LF where a line has no bytes. */
  #normalised(piece: Buffer): Buffer {
    const isClean =
      !piece.includes(CR) && !piece.includes("\n\n") && !(this.#atLineStart && piece[0] === LF);
    const clean = isClean ? piece : compacted(piece, this.#atLineStart);
    if (clean.length > 0) this.#atLineStart = clean[clean.length - 1] === LF;
    return clean;
  }

  #begin(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#begunBytes <= MAX_LINE) this.#begun.push(Buffer.from(bytes));
    this.#begunBytes += bytes.length;
    if (this.#begunBytes > MAX_LINE && this.#begun.length > 1) {
      this.#begun = [Buffer.from(Buffer.concat(this.#begun).subarray(0, KEPT))];
    }
  }

  *#finishLine(end: Buffer): Generator<Buffer> {
    this.#begin(end);
    const bytes = this.#begunBytes;
    const line = Buffer.concat([...this.#begun, Buffer.of(LF)]);
    this.#begun = [];
    this.#begunBytes = 0;
    if (bytes > MAX_LINE) yield setAside(line.subarray(0, KEPT), bytes);
    else yield* whole(line);
  }
}

/** The readable text of a line that was set aside; of any other line, the line itself. */
export function textAsRead(line: string): string {
  if (!line.startsWith("\0")) return line;
  return line.slice(1).replace(/\u0001([ab])/g, (_, code) => (code === "a" ? "\u0001" : "\u0002"));
}

function* whole(lines: Buffer): Generator<Buffer> {
  if (isPlain(lines)) {
    yield lines;
    return;
  }
  for (let start = 0; start < lines.length;) {
    const end = lines.indexOf(LF, start) + 1;
    const line = lines.subarray(start, end);
    yield isPlain(line) ? line : setAside(line.subarray(0, -1), line.length - 1);
    start = end;
  }
}

const isPlain = (lines: Buffer) =>
  isUtf8(lines) && !lines.includes(0) && !lines.includes(DELIMITER);

function setAside(line: Buffer, bytes: number): Buffer {
  const written = bytes > MAX_LINE ? undefined : marked(line.toString("utf8"));
  if (written !== undefined && written.length <= MAX_LINE) return written;
  const beginning = line.subarray(0, KEPT).toString("utf8");
  return marked(`${beginning} … (cut here: the line has ${bytes} bytes)`);
}

const marked = (text: string) =>
  Buffer.from(
    `\0${text.replace(/[\u0001\u0002]/g, (c) => (c === "\u0001" ? "\u0001a" : "\u0001b"))}\n`,
  );

const startsWithBom = (bytes: Buffer) =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;

function compacted(piece: Buffer, atLineStart: boolean): Buffer {
  const out = Buffer.allocUnsafe(piece.length);
  let length = 0;
  let isStart = atLineStart;
  for (let i = 0; i < piece.length; i++) {
    const byte = piece[i] as number;
    const isEnd = byte === LF || byte === CR;
    if (isEnd && isStart) continue;
    out[length++] = isEnd ? LF : byte;
    isStart = isEnd;
  }
  return out.subarray(0, length);
}
