/** Limits of S3, from "Amazon S3 multipart upload limits": parts, bytes of a part, parts of an upload. */
export const LARGEST_PART = 5 * 1024 ** 3;
export const MOST_PARTS = 10_000;

/**
 * Bytes of part `index` (from 0) of a stream whose length nobody knows: doubled every 1,000 parts, so that a
 * stream of any length that S3 takes fits 10,000 of them, and memory grows by the length's logarithm.
 */
export function streamPartSize(partSize: number, index: number): number {
  return Math.min(partSize * 2 ** Math.floor(index / 1_000), LARGEST_PART);
}

/** First and last byte of each part, both included. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

export function* spans(first: number, last: number, partSize: number): Generator<Span> {
  for (let at = first; at <= last; at += partSize) {
    yield { first: at, last: Math.min(at + partSize - 1, last) };
  }
}

/** Cuts a stream into parts of `sizeOf(index)` bytes; the last may be shorter. Chunks are copied. */
export async function* cut(
  source: AsyncIterable<Uint8Array>,
  sizeOf: (index: number) => number,
): AsyncGenerator<Uint8Array> {
  let index = 0;
  let held: Uint8Array[] = [];
  let missing = sizeOf(index);
  for await (const chunk of source) {
    for (let at = 0; at < chunk.byteLength;) {
      const piece = chunk.slice(at, at + missing);
      held.push(piece);
      at += piece.byteLength;
      missing -= piece.byteLength;
      if (missing > 0) continue;
      const part = joined(held);
      held = [];
      missing = sizeOf(++index);
      yield part;
    }
  }
  if (held.length > 0) yield joined(held);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only;
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}
