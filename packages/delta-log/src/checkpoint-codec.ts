/**
 * Parquet, injected: this package knows none itself. Without a codec a log is read from its first entry on, and no
 * checkpoint is written; with one, it is read from the newest classic checkpoint
 * (`<version>.checkpoint.parquet`) on. Multi-part and UUID-named checkpoints are left alone.
 */
export interface CheckpointCodec {
  /**
   * One object a row, shaped like a line of the JSON log: columns that are null may be null or absent, maps are
   * plain objects, longs are numbers or bigints.
   */
  read(body: AsyncIterable<Uint8Array>): AsyncIterable<unknown>;

  /**
   * A checkpoint's file of such rows: the columns `protocol`, `metaData`, `txn`, `add` and `remove` in the types of
   * the protocol ("Checkpoint Schema"). Fields that the protocol does not name stay, as far as Parquet can have them.
   */
  write(rows: readonly CheckpointRow[]): AsyncIterable<Uint8Array>;
}

/** One action, such as `{ add: { path: "…", … } }`, as a line of the JSON log has it. */
export type CheckpointRow = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
