import { z } from "zod";
import { ToplineError } from "../errors.ts";
import { QUARANTINE } from "../layout.ts";
import { textLines } from "../text-lines.ts";
import type { UserRecords } from "../ports/user-records.ts";
import type { Head } from "../ports/validator.ts";
import type { Operation } from "./operation.ts";
import type { ErasedObject } from "./report.ts";

const rowSchema = z.object({ text: z.string() });

/** Writes every part of the quarantine that has records of the user anew without them; one of no others goes. */
export async function eraseFromQuarantine(
  { context, held }: Operation,
  userId: string,
  records: UserRecords,
  heads: ReadonlyMap<string, Head>,
): Promise<ErasedObject[]> {
  const { store, logger } = context;
  const { signal } = held;
  const keys: string[] = [];
  for await (const { key } of store.list(QUARANTINE, { signal })) {
    if (key.endsWith(".jsonl")) keys.push(key);
  }
  const erased: ErasedObject[] = [];
  for (const key of keys) {
    const sourceId = /^quarantine\/source=([^/]+)\//.exec(key)?.[1] ?? "";
    const isTheirs = (line: string) =>
      records.isOf(userId, rowOf(key, line).text, heads.get(sourceId));
    const read = async () => textLines((await store.get(key, { signal })).body);
    let kept = 0n;
    let gone = 0n;
    for await (const line of await read()) {
      if (isTheirs(line)) gone += 1n;
      else kept += 1n;
    }
    if (gone === 0n) continue;
    await held.verify();
    if (kept === 0n) await store.delete(key);
    else {
      const contentType = "application/x-ndjson";
      await store.put(key, others(await read(), isTheirs), { contentType, signal });
    }
    erased.push({ key, records: gone });
    logger.info(`${gone} records left ${key}`);
  }
  return erased;
}

async function* others(
  lines: AsyncIterable<string>,
  isTheirs: (line: string) => boolean,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const line of lines) if (!isTheirs(line)) yield encoder.encode(`${line}\n`);
}

/** @throws {ToplineError} `STATE_CORRUPT` */
function rowOf(key: string, line: string): z.infer<typeof rowSchema> {
  try {
    return rowSchema.parse(JSON.parse(line));
  } catch (error) {
    throw new ToplineError(
      "STATE_CORRUPT",
      `${key} has a line that is no rejected record, so that nobody can tell whose it is: move the object out of ${QUARANTINE}, and erase again.`,
      { cause: error },
    );
  }
}
