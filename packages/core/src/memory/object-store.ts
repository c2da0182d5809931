import { createHash } from "node:crypto";
import { ToplineError } from "../errors.ts";
import type { FetchedObject, ObjectHead, ObjectStore } from "../ports/object-store.ts";
import type { Clock } from "../ports/clock.ts";

interface Entry {
  readonly bytes: Uint8Array;
  readonly head: ObjectHead;
}

/** How many bytes a body yields at a time: small, so that readers meet chunk borders. */
const CHUNK = 64 * 1024;

/** A bucket in memory, with every condition that the port knows. */
export function memoryObjectStore(
  options: { readonly clock?: Pick<Clock, "now"> } = {},
): ObjectStore {
  const objects = new Map<string, Entry>();
  const now = () => options.clock?.now() ?? new Date();

  const present = (key: string): Entry => {
    const entry = objects.get(key);
    if (entry === undefined) {
      throw new ToplineError("OBJECT_NOT_FOUND", `There is no object ${JSON.stringify(key)}.`);
    }
    return entry;
  };

  const write = (key: string, bytes: Uint8Array, named: ObjectHead["metadata"]) => {
    const lowered = Object.entries(named).map(([name, value]) => [name.toLowerCase(), value]);
    const metadata = Object.fromEntries(lowered) as Record<string, string>;
    const etag = `"${createHash("md5").update(bytes).digest("hex")}"`;
    const head = { key, size: bytes.byteLength, etag, lastModified: now(), metadata };
    objects.set(key, { bytes, head });
    return { etag };
  };

  return {
    async *list(prefix, { startAfter, signal } = {}) {
      const isAfter = (key: string) => startAfter === undefined || compareUtf8(key, startAfter) > 0;
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && isAfter(key));
      for (const key of keys.sort(compareUtf8)) {
        throwIfAborted(signal);
        const entry = objects.get(key);
        if (entry === undefined) continue;
        const { size, etag, lastModified } = entry.head;
        yield { key, size, etag, lastModified };
      }
    },

    async head(key) {
      return objects.get(key)?.head;
    },

    async get(key, { range, ifMatch, signal } = {}): Promise<FetchedObject> {
      throwIfAborted(signal);
      const { head, bytes } = present(key);
      if (ifMatch !== undefined && ifMatch !== head.etag) throw changed(key, ifMatch, head.etag);
      const slice =
        range === undefined
          ? bytes
          : bytes.subarray(range.first, range.last === undefined ? undefined : range.last + 1);
      return { ...head, body: chunks(slice, signal) };
    },

    async put(key, body, { ifNoneMatch, metadata = {}, signal } = {}) {
      const bytes = body instanceof Uint8Array ? Uint8Array.from(body) : await collect(body);
      throwIfAborted(signal);
      if (ifNoneMatch === "*" && objects.has(key)) {
        throw new ToplineError(
          "OBJECT_EXISTS",
          `There is an object ${JSON.stringify(key)} already.`,
        );
      }
      return write(key, bytes, metadata);
    },

    async copy(from, to, { ifSourceMatch, metadata, signal } = {}) {
      throwIfAborted(signal);
      const { head, bytes } = present(from);
      if (ifSourceMatch !== undefined && ifSourceMatch !== head.etag) {
        throw changed(from, ifSourceMatch, head.etag);
      }
      return write(to, bytes, metadata ?? head.metadata);
    },

    async delete(key, { ifMatch } = {}) {
      const entry = objects.get(key);
      if (entry === undefined) return;
      if (ifMatch !== undefined && ifMatch !== entry.head.etag) {
        throw changed(key, ifMatch, entry.head.etag);
      }
      objects.delete(key);
    },
  };
}

async function* chunks(bytes: Uint8Array, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += CHUNK) {
    throwIfAborted(signal);
    yield bytes.slice(at, at + CHUNK);
  }
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(Uint8Array.from(part));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

function changed(key: string, expected: string, found: string): ToplineError {
  return new ToplineError(
    "OBJECT_CHANGED",
    `Object ${JSON.stringify(key)} has ETag ${found}, not ${expected}: it was replaced.`,
  );
}

function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw new ToplineError("CANCELLED", "The call was cancelled.");
}

const encoder = new TextEncoder();

function compareUtf8(a: string, b: string): number {
  const x = encoder.encode(a);
  const y = encoder.encode(b);
  const length = Math.min(x.length, y.length);
  for (let i = 0; i < length; i++) {
    const order = (x[i] ?? 0) - (y[i] ?? 0);
    if (order !== 0) return order;
  }
  return x.length - y.length;
}
