import type { IncomingMessage } from "node:http";

export interface Body {
  /** Bytes. */
  readonly size: number;
  /** Where it is not too large. */
  readonly content?: Uint8Array;
}

/** One that is too large is read to its end, and dropped: a client that still sends hears no answer. */
export async function bodyOf(incoming: IncomingMessage, largest: number): Promise<Body> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size <= largest) chunks.push(chunk);
  }
  if (size > largest) return { size };
  const content = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    content.set(chunk, at);
    at += chunk.byteLength;
  }
  return { size, content };
}
