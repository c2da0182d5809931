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

/**
 * Cuts a stream into parts of `sizeOf(index)` bytes; the last may be shorter. Chunks are copied.
 * @param spare memory of parts that are no longer needed, from which later ones of the same size are made
 */
export async function* cut(
  source: AsyncIterable<Uint8Array>,
  sizeOf: (index: number) => number,
  spare: Uint8Array[] = [],
): AsyncGenerator<Uint8Array> {
  let index = 0;
  let size = sizeOf(index);
  let part: Uint8Array = new Uint8Array();
  let filled = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.byteLength;) {
      const piece = chunk.subarray(at, at + size - filled);
      const needed = filled + piece.byteLength;
      if (needed > part.byteLength) {
        // The first part may be all there is, of any size: its memory grows with it.
        const room = index === 0 ? Math.min(Math.max(needed, 2 * part.byteLength), size) : size;
        part = grown(part.subarray(0, filled), room, spare);
      }
      part.set(piece, filled);
      filled = needed;
      at += piece.byteLength;
      if (filled < size) continue;
      yield part;
      part = new Uint8Array();
      filled = 0;
      size = sizeOf(++index);
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

function grown(bytes: Uint8Array, size: number, spare: Uint8Array[]): Uint8Array {
  const at = spare.findIndex(({ byteLength }) => byteLength === size);
  const [memory = new Uint8Array(size)] = at < 0 ? [] : spare.splice(at, 1);
  memory.set(bytes);
  return memory;
}
