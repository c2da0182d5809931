import { createHash } from "node:crypto";
import type { GetOptions, ObjectStore } from "@topline/core";

/** Bytes to store, and what is found stored. */

export const MiB = 1024 ** 2;

/** More than four parts of 5 MiB, and no multiple of anything. */
export const LARGE = 20 * MiB + 12_347;

/** Bytes without a period, so that no piece passes for another; the same for the same seed. */
export function bytesOf(length: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed;
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Yields pieces of one buffer that is used again for the next, as readers of files do. */
export async function* streamOf(bytes: Uint8Array, chunk = 300_007): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(chunk);
  for (let at = 0; at < bytes.byteLength; at += chunk) {
    const piece = bytes.subarray(at, at + chunk);
    buffer.set(piece);
    yield buffer.subarray(0, piece.byteLength);
  }
}

export async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body) {
    pieces.push(Uint8Array.from(piece));
    length += piece.byteLength;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}

export async function read(
  store: ObjectStore,
  key: string,
  options: GetOptions = {},
): Promise<Uint8Array> {
  const { body } = await store.get(key, options);
  return collect(body);
}

export async function keysOf(store: ObjectStore, prefix = ""): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/** Length and digest: what large bytes are compared by. */
export const summary = (bytes: Uint8Array): string =>
  `${bytes.byteLength} bytes, SHA-256 ${createHash("sha256").update(bytes).digest("hex")}`;

export const fault = (code: string) => ({ name: "ToplineError", code });
