import type { CheckpointCodec } from "@topline/delta-log";

/** "Parquet" that holds JSON, with a null for every column and field that a row does not have: as a codec yields it. */
export const jsonCodec: CheckpointCodec = {
  async *read(body) {
    const chunks = await Array.fromAsync(body);
    const text = chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");
    for (const line of text.trimEnd().split("\n")) yield JSON.parse(line) as unknown;
  },

  async *write(rows) {
    const columns = { txn: null, add: null, remove: null, metaData: null, protocol: null };
    const fields = { tags: null, stats: null };
    for (const row of rows) {
      const whole = Object.entries(row).map(([name, given]) => [name, { ...fields, ...given }]);
      const line = JSON.stringify({ ...columns, ...(Object.fromEntries(whole) as object) });
      yield new TextEncoder().encode(`${line}\n`);
    }
  },
};
