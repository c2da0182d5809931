import { Buffer } from "node:buffer";
import { MAX_HEADER_BYTES, PLAIN_BYTES } from "@topline/validators";

/**
 * Counts clean lines as they are written down, and sees whether all of them are plain, as `heads.is_plain` of a
 * plan wants to know it. One look at every byte: cheaper here than as a pattern that is matched on every line.
 */

const LF = 0x0a;
const COMMA = 0x2c;
const BLANK = 0x20;

/** What a byte is to a plain line: text, or something to look at. */
const TEXT = 0;
const SEPARATOR = 1;
const SPACE = 2;
const ODD = 3;

const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === LF || byte === COMMA) return SEPARATOR;
  if (byte === BLANK) return SPACE;
  return byte > 0x20 && byte < 0x7f && byte !== 0x22 ? TEXT : ODD;
});

export class LineSurvey {
  /** Lines that have ended. */
  lines = 0;
  isPlain = true;
  #lineBytes = 0;
  /** The kind of the byte before; a line begins as if behind a comma. */
  #before = SEPARATOR;
  #opening: Buffer[] = [];

  /** Of the first line, without its end; no more than a header can have. */
  get opening(): string {
    return Buffer.concat(this.#opening).subarray(0, MAX_HEADER_BYTES).toString();
  }

  take(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.lines === 0) this.#keepOpening(bytes);
    if (this.isPlain) this.#look(bytes);
    else this.#count(bytes, 0);
  }

  #look(bytes: Uint8Array): void {
    const { end, lines, lineStart } = plainUpTo(bytes, -this.#lineBytes, this.#before);
    this.lines += lines;
    this.#lineBytes = bytes.length - lineStart;
    this.#before = KINDS[bytes[bytes.length - 1] as number] as number;
    if (end === bytes.length) return;
    this.isPlain = false;
    this.#count(bytes, end);
  }

  #count(bytes: Uint8Array, from: number): void {
    for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) this.lines += 1;
  }

  #keepOpening(bytes: Uint8Array): void {
    const end = bytes.indexOf(LF);
    const kept = this.#opening.reduce((sum, piece) => sum + piece.length, 0);
    const piece = bytes.subarray(0, end < 0 ? bytes.length : end);
    if (kept < MAX_HEADER_BYTES) this.#opening.push(Buffer.from(piece));
  }
}

/** How far bytes are plain, and the lines that end there. A function of its own, with nothing but numbers: it is hot. */
function plainUpTo(bytes: Uint8Array, start: number, first: number) {
  let lines = 0;
  let lineStart = start;
  let end = 0;
  for (; end < bytes.length; end++) {
    const byte = bytes[end] as number;
    // Text is well beside anything, and most bytes are of one range of it: a single comparison for them.
    if ((byte - COMMA - 1) >>> 0 < 0x7e - COMMA) continue;
    const kind = KINDS[byte] as number;
    if (kind === TEXT) continue;
    const before = end === 0 ? first : (KINDS[bytes[end - 1] as number] as number);
    if (kind === ODD || before === (kind === SPACE ? SEPARATOR : SPACE)) break;
    if (byte !== LF) continue;
    if (end - lineStart > PLAIN_BYTES) break;
    lines += 1;
    lineStart = end + 1;
  }
  return { end, lines, lineStart };
}
