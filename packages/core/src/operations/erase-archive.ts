import { compareCodePoints } from "../code-points.ts";
import { mapConcurrently } from "../concurrency.ts";
import { ARCHIVE, INBOX, readInboxKey } from "../layout.ts";
import type { ObjectHead } from "../ports/object-store.ts";
import type { RecordFile, UserRecords } from "../ports/user-records.ts";
import type { Head } from "../ports/validator.ts";
import type { Operation } from "./operation.ts";
import type { ErasedObject } from "./report.ts";

/** Raw files that are read at a time. */
const PARALLEL = 4;

export interface ErasedArchive {
  readonly archive: readonly ErasedObject[];
  /** By source id: what its rejected records are to be read by. */
  readonly heads: ReadonlyMap<string, Head>;
  readonly warnings: readonly string[];
}

/**
 * Writes every archived file of listens or users that has records of the user anew without them, under its name and
 * with its source id. Retracted sources' files, and those of sources that came again, are among them.
 */
export async function eraseFromArchive(
  operation: Operation,
  userId: string,
  records: UserRecords,
): Promise<ErasedArchive> {
  const { context, held } = operation;
  const keys: string[] = [];
  for await (const { key } of context.store.list(ARCHIVE, { signal: held.signal })) keys.push(key);
  const heads = new Map<string, Head>();
  const warnings: string[] = [];
  const archive = await mapConcurrently(keys, PARALLEL, async (key): Promise<ErasedObject[]> => {
    held.signal.throwIfAborted();
    const present = await context.store.head(key);
    if (present === undefined) return [];
    const known = await knownOf(operation, present);
    if (known === undefined) {
      warnings.push(`${key} is no file that Topline archived, and was left as it is.`);
      return [];
    }
    if (known.dataset === "songs") return [];
    const file = { ...known, head: await headOf(operation, present, known) };
    if (file.head !== undefined) heads.set(present.metadata["source_id"] ?? "", file.head);
    const erased = await eraseFrom(operation, present, file, { userId, records });
    return erased === 0n ? [] : [{ key, records: erased }];
  });
  return { archive: archive.flat(), heads, warnings: warnings.sort(compareCodePoints) };
}

type Known = Pick<RecordFile, "dataset" | "compression">;

/** The ledger knows what it is; where it does not, the name may. */
async function knownOf(
  { context }: Operation,
  { key, metadata }: ObjectHead,
): Promise<Known | undefined> {
  const source = await context.ledger.source(metadata["source_id"] ?? "");
  const name = key.slice(ARCHIVE.length).replace(/^[^/]*\//, "");
  return readInboxKey(source?.key ?? INBOX + name.replace(/~[0-9a-f]{8,16}(?=\.csv)/, ""));
}

async function headOf(
  { context, held }: Operation,
  { key, etag }: ObjectHead,
  { dataset, compression }: Known,
): Promise<Head | undefined> {
  const { body } = await context.store.get(key, { ifMatch: etag, signal: held.signal });
  const verdict = await context.validator.checkHead(dataset, body, compression);
  return verdict.ok ? verdict.head : undefined;
}

/** Twice through the file: a place in a record is known to be the user's only once the record is at its end. */
async function eraseFrom(
  { context, held }: Operation,
  { key, etag, metadata }: ObjectHead,
  file: RecordFile,
  { userId, records }: { readonly userId: string; readonly records: UserRecords },
): Promise<bigint> {
  const { store, logger } = context;
  const { signal } = held;
  const read = async () => (await store.get(key, { ifMatch: etag, signal })).body;
  const chosen = await records.find(file, userId, await read());
  if (chosen.records === 0n) return 0n;
  await held.verify();
  await store.put(key, records.without(file, chosen, await read()), { metadata, signal });
  logger.info(`${chosen.records} records left ${key}`);
  return chosen.records;
}
