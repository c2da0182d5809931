import { Buffer } from "node:buffer";
import type { Row } from "./database.ts";
import { asBytes, fromBytes } from "./exact-text.ts";
import { textAsRead } from "./lines.ts";
import type { IngestedSource } from "./verdict.ts";
import { recordsOf, type Workspace } from "./workspace.ts";

/** Bytes after which quarantined rows go on in another object. */
const PART_BYTES = 64 * 1024 ** 2;

/** Writes the rows of a source that were not accepted, in the source's order, as JSON lines. */
export async function writeQuarantined(
  work: Workspace,
  source: IngestedSource,
  prefix: string,
): Promise<string[]> {
  const { refused, accepted, records } = source.verdict;
  if (refused !== null || accepted === records) return [];
  return work.alone(() => writeParts(work, source, prefix));
}

async function writeParts(
  { db, store, signal }: Workspace,
  { source, name, isLinewise }: IngestedSource,
  prefix: string,
): Promise<string[]> {
  const records = recordsOf(source.dataset);
  const numbered = isLinewise
    ? `SELECT n, n - (SELECT MIN(n) FROM ${records} WHERE source = $1) AS record, reason, line
       FROM ${records} WHERE source = $1`
    : `SELECT n, ROW_NUMBER() OVER (ORDER BY n) - 1 AS record, reason, line
       FROM ${records} WHERE source = $1`;
  const rows = db.stream(
    `the quarantine of ${source.key}`,
    `SELECT record, reason, ${asBytes("line")} AS line FROM (${numbered}) WHERE reason IS NOT NULL AND record > 0 ORDER BY n`,
    [name],
  );
  const lines = jsonLines(rows, source.key);
  const keys: string[] = [];
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    const key = `${prefix}part-${keys.length + 1}.jsonl`;
    const first = next.value;
    await store.put(key, part(first, lines), { contentType: "application/x-ndjson", signal });
    keys.push(key);
  }
  return keys;
}

async function* jsonLines(
  chunks: AsyncIterable<readonly Row[]>,
  key: string,
): AsyncGenerator<Uint8Array> {
  for await (const rows of chunks) {
    const text = rows.map(({ record, reason, line = null }) =>
      JSON.stringify({ key, record: Number(record), reason, text: textAsRead(fromBytes(line)) }),
    );
    yield Buffer.from(`${text.join("\n")}\n`);
  }
}

/** Takes from `rest` as much as one object holds, and leaves it open. */
async function* part(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first;
  let bytes = first.byteLength;
  while (bytes < PART_BYTES) {
    const next = await rest.next();
    if (next.done === true) return;
    bytes += next.value.byteLength;
    yield next.value;
  }
}
