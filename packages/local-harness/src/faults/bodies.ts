/** What can befall bytes on their way. */

/** The first `bytes`, then the fault. */
export async function* broken(
  body: AsyncIterable<Uint8Array>,
  bytes: number,
  fault: () => Error,
): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of body) {
    if (chunk.byteLength >= left) {
      if (left > 0) yield chunk.subarray(0, left);
      throw fault();
    }
    left -= chunk.byteLength;
    yield chunk;
  }
  throw fault();
}

/** One byte, counted from 0, comes with its bits turned over; a body that is shorter comes as it is. */
export async function* corrupted(
  body: AsyncIterable<Uint8Array>,
  at: number,
): AsyncGenerator<Uint8Array> {
  let first = 0;
  for await (const chunk of body) {
    const index = at - first;
    first += chunk.byteLength;
    if (index < 0 || index >= chunk.byteLength) yield chunk;
    else {
      const copy = Uint8Array.from(chunk);
      copy[index] = (copy[index] ?? 0) ^ 0xff;
      yield copy;
    }
  }
}
