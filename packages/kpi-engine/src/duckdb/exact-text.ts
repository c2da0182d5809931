import type { DuckDBBlobValue, DuckDBValue } from "@duckdb/node-api";

/**
 * Text as DuckDB has it. The client drops a U+FEFF at the beginning of every text that it returns; bytes come
 * whole.
 */

/** What to select in place of a text column. */
export const asBytes = (column: string) => `system.main.encode(${column})`;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function fromBytes(value: DuckDBValue): string {
  return decoder.decode((value as DuckDBBlobValue).bytes);
}
