/** A part of a line, as it came. */
export interface LinePiece {
  /** Without the line's end. */
  readonly bytes: Uint8Array;
  /** How many line ends come before the line: each CR is one, and each LF. */
  readonly line: number;
  /** The line ends here, also where the file ends. */
  readonly isEnd: boolean;
  /** CR or LF; nothing where the line goes on, or the file is over. */
  readonly end: Uint8Array;
}

const NOTHING = new Uint8Array();

/** A file in pieces of lines; together they are its bytes. Lines of no bytes are lines here. */
export async function* linePieces(body: AsyncIterable<Uint8Array>): AsyncGenerator<LinePiece> {
  let line = 0;
  for await (const chunk of body) {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (chunk[at] !== 0x0a && chunk[at] !== 0x0d) continue;
      const end = chunk.subarray(at, at + 1);
      yield { bytes: chunk.subarray(start, at), line, isEnd: true, end };
      line += 1;
      start = at + 1;
    }
    if (start < chunk.length) {
      yield { bytes: chunk.subarray(start), line, isEnd: false, end: NOTHING };
    }
  }
  yield { bytes: NOTHING, line, isEnd: true, end: NOTHING };
}
