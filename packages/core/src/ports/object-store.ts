/** A key, and what a listing tells of its object. */
export interface StoredObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Opaque, compared whole; with its quotes, as S3 sends it. */
  readonly etag: string;
  readonly lastModified: Date;
}

export interface ObjectHead extends StoredObject {
  /** User metadata, names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface FetchedObject extends ObjectHead {
  /** The bytes, once, in order. Leaving the loop early ends the transfer. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface GetOptions {
  /** First and last byte, both included; `last` beyond the end means the end, `first` beyond it no byte. */
  readonly range?: { readonly first: number; readonly last?: number };
  readonly ifMatch?: string;
  readonly signal?: AbortSignal;
}

export interface ListOptions {
  /** Only keys after this one, which need not be there. */
  readonly startAfter?: string;
  readonly signal?: AbortSignal;
}

export interface PutOptions {
  /** `"*"`: only if the key is free. */
  readonly ifNoneMatch?: "*";
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface CopyOptions {
  readonly ifSourceMatch?: string;
  /** Replaces the metadata; left out, the copy keeps the source's. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Objects by key in one bucket. Reads after writes are consistent; a put is whole or absent.
 * Every call may throw `STORE_UNAVAILABLE` (retryable), `STORE_REFUSED` or `CANCELLED`.
 */
export interface ObjectStore {
  /** Objects under `prefix` in the order of their keys' UTF-8 bytes, page by page. */
  list(prefix: string, options?: ListOptions): AsyncIterable<StoredObject>;

  /** `undefined` where no object has the key. */
  head(key: string): Promise<ObjectHead | undefined>;

  /**
   * An object that is replaced while its body is being read gives all the old bytes, or a fault; never a mix.
   * @throws {ToplineError} `OBJECT_NOT_FOUND`; `OBJECT_CHANGED` when the ETag is not `ifMatch`, also while the
   * body is being read
   */
  get(key: string, options?: GetOptions): Promise<FetchedObject>;

  /**
   * Takes bytes, or a stream of any length in bounded memory.
   * @throws {ToplineError} `OBJECT_EXISTS` when `ifNoneMatch` does not hold. After an answer that was
   * lost, the caller may find its own object: compare before giving up.
   */
  put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options?: PutOptions,
  ): Promise<{ readonly etag: string }>;

  /**
   * Copies within the bucket, at any size.
   * @throws {ToplineError} `OBJECT_NOT_FOUND`; `OBJECT_CHANGED` when the source's ETag is not `ifSourceMatch`
   */
  copy(from: string, to: string, options?: CopyOptions): Promise<{ readonly etag: string }>;

  /**
   * Deleting what is not there is done.
   * @throws {ToplineError} `OBJECT_CHANGED` when the object's ETag is no longer `ifMatch`
   */
  delete(key: string, options?: { readonly ifMatch?: string }): Promise<void>;
}
