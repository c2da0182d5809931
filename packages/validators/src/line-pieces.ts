import { Buffer } from "node:buffer";

export const LF = 0x0a;
export const CR = 0x0d;

/** A part of a line, as it came. */
export interface LinePiece {
  /** Without the line's end. */
  readonly bytes: Buffer;
  /** How many line ends come before the line: each CR is one, and each LF. */
  readonly line: number;
  /** The line ends here, also where the file ends. */
  readonly isEnd: boolean;
  /** Undefined where the line goes on, or the file is over. */
  readonly end: typeof LF | typeof CR | undefined;
}

/** A file in pieces of lines, those of a chunk at a time; together they are its bytes. Lines may have no bytes. */
export async function* linePieces(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly LinePiece[]> {
  let line = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const pieces: LinePiece[] = [];
    let start = 0;
    for (let at = 0; at < bytes.length; at++) {
      const end = bytes[at];
      if (end !== LF && end !== CR) continue;
      pieces.push({ bytes: bytes.subarray(start, at), line, isEnd: true, end });
      line += 1;
      start = at + 1;
    }
    if (start < bytes.length) {
      pieces.push({ bytes: bytes.subarray(start), line, isEnd: false, end: undefined });
    }
    yield pieces;
  }
  yield [{ bytes: Buffer.alloc(0), line, isEnd: true, end: undefined }];
}
