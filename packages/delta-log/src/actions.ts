import { type CommitInfo, type DataFile, ToplineError } from "@topline/core";
import { z } from "zod";
import { fromLogPath } from "./paths.ts";
import type { TableMetadata } from "./schema.ts";

/**
 * The actions of a Delta log, as far as this package needs them (PROTOCOL.md, "Actions"). What it does not know
 * it leaves out, as the protocol asks; what it needs and does not find is a fault.
 */

/** The `appId` under which Topline's fencing tokens stand in the log. */
export const APP_ID = "topline";

export interface Protocol {
  readonly minReaderVersion: number;
  readonly minWriterVersion: number;
  /** Table features by name: from reader version 3, and writer version 7, on. */
  readonly readerFeatures: readonly string[];
  readonly writerFeatures: readonly string[];
}

export interface AddedFile {
  readonly file: DataFile;
  readonly dataChange: boolean;
}

export interface RemovedFile {
  readonly path: string;
  /** Epoch milliseconds, where the writer said it. */
  readonly deletedAt: number | undefined;
  readonly dataChange: boolean;
}

/** What one log entry, or one checkpoint, says. */
export interface LogActions {
  readonly protocol: Protocol | undefined;
  readonly metadata: TableMetadata | undefined;
  /** The fencing token of Topline's `txn`. */
  readonly fence: bigint | undefined;
  /** Only where `commitInfo` has Topline's own fields. */
  readonly info: CommitInfo | undefined;
  readonly added: readonly AddedFile[];
  readonly removed: readonly RemovedFile[];
}

/** A JSON number, or a bigint from a checkpoint's codec. */
const long = z
  .union([z.int(), z.bigint()])
  .transform(Number)
  .refine(Number.isSafeInteger, "a 64-bit integer beyond 2^53 is not supported here");

const partitionValues = z.record(z.string(), z.string().nullable());

const features = z
  .array(z.string())
  .nullish()
  .transform((names) => names ?? []);

const actionSchema = z.object({
  protocol: z
    .object({
      minReaderVersion: z.int(),
      minWriterVersion: z.int(),
      readerFeatures: features,
      writerFeatures: features,
    })
    .nullish(),
  metaData: z
    .object({
      format: z.object({ provider: z.string() }),
      schemaString: z.string(),
      partitionColumns: z.array(z.string()),
      configuration: z.record(z.string(), z.string()).nullish(),
    })
    .nullish(),
  txn: z.object({ appId: z.string(), version: z.unknown() }).nullish(),
  commitInfo: z.unknown().optional(),
  add: z
    .object({
      path: z.string(),
      partitionValues,
      size: long,
      modificationTime: long,
      dataChange: z.boolean(),
      stats: z.string().nullish(),
      deletionVector: z.unknown().optional(),
    })
    .nullish(),
  remove: z
    .object({
      path: z.string(),
      deletionTimestamp: long.nullish(),
      dataChange: z.boolean(),
      deletionVector: z.unknown().optional(),
    })
    .nullish(),
});
type Action = z.output<typeof actionSchema>;

const commitInfoSchema = z.object({
  runId: z.string(),
  operation: z.string(),
  engineInfo: z.string(),
  planHash: z.string(),
  timestamp: z.int(),
});

const statsSchema = z.object({ numRecords: z.int().min(0) });

/**
 * @param key where the actions were read, for messages
 * @throws {ToplineError} `STATE_CORRUPT`
 */
export async function readActions(
  key: string,
  rows: AsyncIterable<unknown> | Iterable<unknown>,
): Promise<LogActions> {
  const added: AddedFile[] = [];
  const removed: RemovedFile[] = [];
  let protocol: Protocol | undefined;
  let metadata: TableMetadata | undefined;
  let fence: bigint | undefined;
  let info: CommitInfo | undefined;
  let at = 0;
  for await (const row of rows) {
    at += 1;
    const where = `${key}, action ${at}`;
    const action = parse(where, actionSchema, row);
    if (action.protocol) protocol = action.protocol;
    if (action.metaData) metadata = readMetadata(where, action.metaData);
    if (action.txn?.appId === APP_ID) fence = BigInt(parse(where, long, action.txn.version));
    if (action.commitInfo) info = readCommitInfo(action.commitInfo);
    if (action.add) added.push(readAdd(where, action.add));
    if (action.remove) removed.push(readRemove(where, action.remove));
  }
  return { protocol, metadata, fence, info, added, removed };
}

function readMetadata(where: string, found: NonNullable<Action["metaData"]>): TableMetadata {
  const { format, schemaString, partitionColumns, configuration } = found;
  if (format.provider === "parquet") {
    return { schemaString, partitionColumns, configuration: configuration ?? {} };
  }
  throw corrupt(where, `the table's format is ${format.provider}, not parquet`);
}

function readCommitInfo(found: unknown): CommitInfo | undefined {
  const parsed = commitInfoSchema.safeParse(found);
  if (!parsed.success) return undefined;
  const { engineInfo: engine, ...rest } = parsed.data;
  return { ...rest, engine };
}

function readAdd(where: string, add: NonNullable<Action["add"]>): AddedFile {
  const path = readPath(where, add);
  const { size, modificationTime, dataChange } = add;
  const partition: Record<string, string | null> = {};
  for (const [column, value] of Object.entries(add.partitionValues)) {
    partition[column] = value === "" ? null : value;
  }
  const records = readRecords(where, path, add.stats);
  return { file: { path, size, modificationTime, partition, records }, dataChange };
}

function readRemove(where: string, remove: NonNullable<Action["remove"]>): RemovedFile {
  const { deletionTimestamp, dataChange } = remove;
  return { path: readPath(where, remove), deletedAt: deletionTimestamp ?? undefined, dataChange };
}

function readPath(where: string, found: { path: string; deletionVector?: unknown }): string {
  if (found.deletionVector !== null && found.deletionVector !== undefined) {
    throw corrupt(
      where,
      `${found.path} has a deletion vector, which reader version 1 does not know; rewrite the table without deletion vectors`,
    );
  }
  const path = fromLogPath(found.path);
  if (path !== undefined) return path;
  throw corrupt(
    where,
    `${JSON.stringify(found.path)} is no URL-encoded path relative to the table's folder`,
  );
}

function readRecords(where: string, path: string, stats: string | null | undefined): bigint {
  try {
    const found: unknown = JSON.parse(stats ?? "");
    return BigInt(statsSchema.parse(found).numRecords);
  } catch (cause) {
    throw corrupt(
      where,
      `${path} has no stats.numRecords, which Topline needs though Delta does not; write the file again with statistics`,
      cause,
    );
  }
}

function parse<T>(where: string, schema: z.ZodType<T>, found: unknown): T {
  const parsed = schema.safeParse(found);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw corrupt(where, `at ${issue?.path.join(".") || "its top"}: ${issue?.message}`, parsed.error);
}

/** ` for the features a, b`, where a protocol names some. */
export const forFeatures = (names: readonly string[]): string =>
  names.length === 0 ? "" : ` for the features ${names.join(", ")}`;

export function corrupt(where: string, what: string, cause?: unknown): ToplineError {
  return new ToplineError("STATE_CORRUPT", `${where}: not a log that this reader knows: ${what}.`, {
    cause,
  });
}
