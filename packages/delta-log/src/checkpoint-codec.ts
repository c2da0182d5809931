/**
 * Parquet, injected: this package reads none itself. Without a codec a log is read from its first entry on; with
 * one, from the newest classic checkpoint (`<version>.checkpoint.parquet`) on. Multi-part and UUID-named
 * checkpoints are left alone.
 */
export interface CheckpointCodec {
  /**
   * One object a row, shaped like a line of the JSON log: columns that are null may be null or absent, maps are
   * plain objects, longs are numbers or bigints.
   */
  read(body: AsyncIterable<Uint8Array>): AsyncIterable<unknown>;
}
