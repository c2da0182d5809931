import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Segment } from "./records.ts";

/** Read or written at a time: each call costs as much as many kibibytes do. */
const BATCH_BYTES = 1024 ** 2;
/** What Linux takes in one call (IOV_MAX). */
const BATCH_CHUNKS = 1024;

/**
 * The bytes of objects and parts: files that are written once, never changed, and named by nothing that a client
 * sent. Whoever needs one holds it; the last to release it deletes it. So a body that is being read outlives its
 * object, and a copy shares the files of its source.
 *
 * Nothing is flushed to the disk: what was written survives the end of the process, not a loss of power.
 */
export class DataFiles {
  readonly #directory: string;
  readonly #holds = new Map<string, number>();
  /** Tells files of this process from those that earlier ones left. */
  readonly #born = randomBytes(6).toString("hex");
  readonly #deletions = new Set<Promise<void>>();
  #count = 0;
  #isOpen = false;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Until `sweep`, releasing a file does not delete it: holds are still being counted. */
  static async open(directory: string): Promise<DataFiles> {
    await mkdir(directory, { recursive: true });
    return new DataFiles(directory);
  }

  /** Deletes what earlier processes left that nobody holds. Goes on in the background; `settled` waits for it. */
  sweep(): void {
    this.#isOpen = true;
    this.#settle(this.#deleteLeftovers());
  }

  hold(segments: readonly Segment[]): void {
    for (const { file } of segments) this.#holds.set(file, (this.#holds.get(file) ?? 0) + 1);
  }

  release(segments: readonly Segment[]): void {
    for (const { file } of segments) {
      const holds = (this.#holds.get(file) ?? 0) - 1;
      if (holds > 0) this.#holds.set(file, holds);
      else {
        this.#holds.delete(file);
        if (this.#isOpen) this.#settle(this.#delete(file));
      }
    }
  }

  /** Writes a stream to a new file, which the caller then holds. A stream that fails leaves nothing. */
  async write(chunks: AsyncIterable<Uint8Array>): Promise<readonly Segment[]> {
    const file = `${this.#born}-${(this.#count++).toString(36)}`;
    let size = 0;
    this.#holds.set(file, 1);
    try {
      const handle = await open(join(this.#directory, file), "wx");
      try {
        for await (const batch of batches(chunks)) {
          await append(handle, batch);
          size += batch.bytes;
        }
      } finally {
        await handle.close();
      }
    } catch (error) {
      this.release([{ file, offset: 0, size }]);
      throw error;
    }
    if (size > 0) return [{ file, offset: 0, size }];
    this.release([{ file, offset: 0, size }]);
    return [];
  }

  /** The caller holds the segments for as long as it reads. A chunk's memory is used again for the next one. */
  async *read(segments: readonly Segment[]): AsyncGenerator<Uint8Array> {
    const largest = segments.reduce((most, { size }) => Math.max(most, size), 0);
    const buffer = new Uint8Array(Math.min(BATCH_BYTES, largest));
    for (const { file, offset, size } of segments) {
      const handle = await open(join(this.#directory, file), "r");
      try {
        const end = offset + size;
        for (let at = offset; at < end;) {
          const wanted = Math.min(buffer.byteLength, end - at);
          const { bytesRead } = await handle.read(buffer, 0, wanted, at);
          if (bytesRead === 0) throw new Error(`Data file ${file} ends at ${at}, expected ${end}.`);
          at += bytesRead;
          yield buffer.subarray(0, bytesRead);
        }
      } finally {
        await handle.close();
      }
    }
  }

  /** Resolves once no deletion is under way. */
  async settled(): Promise<void> {
    while (this.#deletions.size > 0) await Promise.all(this.#deletions);
  }

  async #deleteLeftovers(): Promise<void> {
    for (const file of await readdir(this.#directory)) {
      if (!file.startsWith(this.#born) && !this.#holds.has(file)) await this.#delete(file);
    }
  }

  /** A file that stays, for whatever reason, is swept by the next process. */
  #delete(file: string): Promise<void> {
    return unlink(join(this.#directory, file)).catch(() => {});
  }

  #settle(work: Promise<void>): void {
    const settled = work
      .catch(() => {})
      .finally(() => {
        this.#deletions.delete(settled);
      });
    this.#deletions.add(settled);
  }
}

interface Batch {
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
}

async function* batches(source: AsyncIterable<Uint8Array>): AsyncGenerator<Batch> {
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes < BATCH_BYTES && chunks.length < BATCH_CHUNKS) continue;
    yield { chunks, bytes };
    chunks = [];
    bytes = 0;
  }
  if (bytes > 0) yield { chunks, bytes };
}

/** One call writes all of it, or a part where the disk is nearly full: the rest then goes, or its fault shows. */
async function append(handle: FileHandle, { chunks, bytes }: Batch): Promise<void> {
  const { bytesWritten } = await handle.writev(chunks);
  if (bytesWritten < bytes) await handle.writeFile(Buffer.concat(chunks).subarray(bytesWritten));
}

/** The part of the segments that holds bytes `first` to `last`, both included. */
export function slice(segments: readonly Segment[], first: number, last: number): Segment[] {
  const cut: Segment[] = [];
  let start = 0;
  for (const { file, offset, size } of segments) {
    const from = Math.max(first - start, 0);
    const to = Math.min(last + 1 - start, size);
    if (from < to) cut.push({ file, offset: offset + from, size: to - from });
    start += size;
  }
  return cut;
}
