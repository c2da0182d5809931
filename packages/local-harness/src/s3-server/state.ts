import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DataFiles } from "./data-files.ts";
import { S3Error } from "./errors.ts";
import { Journal } from "./journal.ts";
import { ObjectIndex } from "./object-index.ts";
import type { BucketRecord, Change, PartRecord, Segment, UploadRecord } from "./records.ts";

export interface Upload extends UploadRecord {
  readonly parts: Map<number, PartRecord>;
}

export interface Bucket extends BucketRecord {
  readonly objects: ObjectIndex;
  readonly uploads: Map<string, Upload>;
}

/**
 * All that the server knows, in memory, with every change written to the journal first.
 *
 * Reading and `commit` are synchronous. Whoever checks a condition and commits without an `await` in between has
 * done both at once: nothing else runs meanwhile.
 */
export class State {
  readonly files: DataFiles;
  readonly #buckets = new Map<string, Bucket>();
  readonly #journal: Journal;

  private constructor(directory: string, files: DataFiles) {
    this.files = files;
    this.#journal = Journal.open(join(directory, "journal.jsonl"), (change) => this.#apply(change));
  }

  /**
   * The directory belongs to one process at a time; the caller sees to that.
   * @throws {ToplineError} `STATE_CORRUPT`
   */
  static async open(directory: string): Promise<State> {
    await mkdir(directory, { recursive: true });
    const state = new State(directory, await DataFiles.open(join(directory, "data")));
    state.#compact();
    state.files.sweep();
    return state;
  }

  buckets(): Iterable<Bucket> {
    return this.#buckets.values();
  }

  findBucket(name: string): Bucket | undefined {
    return this.#buckets.get(name);
  }

  bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw new S3Error("NoSuchBucket", { BucketName: name });
    return bucket;
  }

  upload(bucketName: string, id: string, key: string): Upload {
    const upload = this.bucket(bucketName).uploads.get(id);
    if (upload?.key !== key) throw new S3Error("NoSuchUpload", { UploadId: id });
    return upload;
  }

  commit(change: Change): void {
    this.#journal.append(change);
    this.#apply(change);
    this.#compact();
  }

  async close(): Promise<void> {
    await this.files.settled();
    this.#journal.close();
  }

  /** The one way in which state changes, when it happens and when it is replayed. */
  #apply(change: Change): void {
    switch (change.op) {
      case "create-bucket": {
        const { bucket } = change;
        this.#buckets.set(bucket.name, {
          ...bucket,
          objects: new ObjectIndex(),
          uploads: new Map(),
        });
        return;
      }
      case "delete-bucket":
        for (const { id } of this.bucket(change.bucket).uploads.values()) {
          this.#endUpload(change.bucket, id);
        }
        this.#buckets.delete(change.bucket);
        return;
      case "put": {
        const { objects } = this.bucket(change.bucket);
        const before = objects.get(change.object.key);
        objects.set(change.object);
        this.#exchange(before?.segments, change.object.segments);
        if (change.upload !== undefined) this.#endUpload(change.bucket, change.upload);
        return;
      }
      case "delete": {
        const { objects } = this.bucket(change.bucket);
        const before = objects.get(change.key);
        objects.delete(change.key);
        this.#exchange(before?.segments);
        return;
      }
      case "begin":
        this.bucket(change.bucket).uploads.set(change.upload.id, {
          ...change.upload,
          parts: new Map(),
        });
        return;
      case "part": {
        const { part } = change;
        const parts = this.bucket(change.bucket).uploads.get(change.upload)?.parts;
        const before = parts?.get(part.number);
        parts?.set(part.number, part);
        this.#exchange(before?.segments, part.segments);
        return;
      }
      case "abort":
        this.#endUpload(change.bucket, change.upload);
    }
  }

  #endUpload(bucketName: string, id: string): void {
    const { uploads } = this.bucket(bucketName);
    for (const part of uploads.get(id)?.parts.values() ?? []) this.#exchange(part.segments);
    uploads.delete(id);
  }

  #exchange(before: readonly Segment[] = [], after: readonly Segment[] = []): void {
    this.files.hold(after);
    this.files.release(before);
  }

  #compact(): void {
    let needed = 0;
    for (const { objects, uploads } of this.#buckets.values()) {
      needed += 1 + objects.size;
      for (const { parts } of uploads.values()) needed += 1 + parts.size;
    }
    this.#journal.compact(needed, () => this.#asChanges());
  }

  *#asChanges(): Generator<Change> {
    for (const { objects, uploads, ...bucket } of this.#buckets.values()) {
      yield { op: "create-bucket", bucket };
      for (const object of objects.values()) yield { op: "put", bucket: bucket.name, object };
      for (const { parts, ...upload } of uploads.values()) {
        yield { op: "begin", bucket: bucket.name, upload };
        for (const part of parts.values()) {
          yield { op: "part", bucket: bucket.name, upload: upload.id, part };
        }
      }
    }
  }
}
