import { MAX_LINE_BYTES } from "./dialect.ts";

/** A line of a byte stream, before anything is known of its text. */
export interface StreamedLine {
  /** Where it begins: bytes from the stream's beginning, a byte-order mark counted. */
  readonly offset: number;
  /** Without its end. Of a line that is too long, a few bytes more than `MAX_LINE_BYTES`. */
  readonly bytes: Uint8Array;
}

const BOM_BYTES = 3;
const KEPT_BYTES = MAX_LINE_BYTES + BOM_BYTES + 1;

/**
 * The lines that are not empty, in memory bounded by one line. CRLF needs no care: its LF ends a line of no
 * bytes. A line that is too long comes as soon as that is known; its rest is passed over.
 */
export async function* streamLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamedLine> {
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  let lineOffset = 0;
  let chunkOffset = 0;
  let isPassing = false;

  const finish = (): StreamedLine | undefined => {
    const line = withoutBom({ offset: lineOffset, bytes: joined(begun, begunBytes) });
    begun = [];
    begunBytes = 0;
    return line.bytes.length > 0 && !isPassing ? line : undefined;
  };
  const begin = (bytes: Uint8Array) => {
    const kept = bytes.slice(0, isPassing ? 0 : KEPT_BYTES - begunBytes);
    if (kept.length > 0) begun.push(kept);
    begunBytes += kept.length;
  };

  for await (const chunk of body) {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (chunk[at] !== 0x0a && chunk[at] !== 0x0d) continue;
      begin(chunk.subarray(start, at));
      const line = finish();
      if (line !== undefined) yield line;
      start = at + 1;
      lineOffset = chunkOffset + start;
      isPassing = false;
    }
    begin(chunk.subarray(start));
    chunkOffset += chunk.length;
    if (begunBytes === KEPT_BYTES) {
      const line = finish();
      isPassing = true;
      if (line !== undefined) yield line;
    }
  }
  const line = finish();
  if (line !== undefined) yield line;
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function withoutBom(line: StreamedLine): StreamedLine {
  const { offset, bytes } = line;
  const hasBom = offset === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return hasBom ? { offset: BOM_BYTES, bytes: bytes.subarray(BOM_BYTES) } : line;
}
