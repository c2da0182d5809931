import {
  type CommitRequest,
  type DataFile,
  type Dataset,
  type Logger,
  toJson,
  ToplineError,
  type ZoneActions,
} from "@topline/core";
import { APP_ID, corrupt, forFeatures } from "./actions.ts";
import { checkpointWhereDue } from "./checkpoint.ts";
import type { DeltaLog } from "./log.ts";
import { fromLogPath, toLogPath } from "./paths.ts";
import { assertTakesRows, partitionColumns, schemaString, tableId } from "./schema.ts";
import { history, type TableState, toSnapshot } from "./snapshot.ts";

const READER = 1;
const WRITER = 2;

/** Lost races in a row after which something other than a race must be at work. */
const MOST_RACES = 100;

/** Implements `Zone.commit`. Every round sees the log as it is, so a fence or a commit that came between counts. */
export async function commit(
  log: DeltaLog,
  request: CommitRequest,
  { every, logger }: { readonly every: number; readonly logger: Logger },
): Promise<number> {
  const { table } = log;
  for (let race = 0; race < MOST_RACES; race++) {
    const listing = await log.list(request.since);
    const { state, commits } = await history(log, listing, request.since, listing.newest);
    assertNewest(table, state, request);
    const actions = await request.decide(toSnapshot(table, state), commits);
    if (actions === undefined) return state.version;
    if (state.version >= 0) assertWritable(table, state, actions);
    assertFiles(table, state, actions);
    const version = state.version + 1;
    if (await putEntry(log, version, entryText(table, state, request, actions))) {
      const now = request.info.timestamp;
      await checkpointWhereDue(log, listing, version, { every, now }, logger);
      return version;
    }
    logger.info(`Another committer was first with version ${version} of ${table}: deciding again`);
  }
  throw new ToplineError(
    "STORE_UNAVAILABLE",
    `Each of ${MOST_RACES} attempts to commit to ${table} found its log entry taken. Look for a process that commits to the zone without pause, then run again.`,
  );
}

/** @returns whether the entry is this committer's, also where the store's answer to the put was lost */
async function putEntry(log: DeltaLog, version: number, text: string): Promise<boolean> {
  try {
    await log.put(version, text);
    return true;
  } catch (error) {
    if (!ToplineError.is(error, "OBJECT_EXISTS", "STORE_UNAVAILABLE")) throw error;
    const found = await log.text(version);
    if (found === undefined && error.code === "STORE_UNAVAILABLE") throw error;
    return found === text;
  }
}

/** One action a line. Run, token and file names make the text this committer's alone. */
function entryText(
  table: Dataset,
  state: TableState,
  { info, fence }: CommitRequest,
  { add, remove, dataChange }: ZoneActions,
): string {
  const { runId, operation, engine: engineInfo, planHash, timestamp } = info;
  const operationParameters = { partitionBy: JSON.stringify(partitionColumns(table)) };
  const lines: unknown[] = [
    {
      commitInfo: {
        timestamp,
        operation,
        operationParameters,
        engineInfo,
        runId,
        planHash,
        fence: safeToken(fence),
      },
    },
  ];
  if (state.version < 0) lines.push(...creation(table, timestamp));
  lines.push({ txn: { appId: APP_ID, version: safeToken(fence), lastUpdated: timestamp } });
  for (const file of remove) {
    const { path, size } = file;
    lines.push({
      remove: {
        path: toLogPath(path),
        deletionTimestamp: timestamp,
        dataChange,
        extendedFileMetadata: true,
        partitionValues: file.partition,
        size,
      },
    });
  }
  for (const file of add) {
    const { path, size, modificationTime, records } = file;
    lines.push({
      add: {
        path: toLogPath(path),
        partitionValues: file.partition,
        size,
        modificationTime,
        dataChange,
        stats: toJson({ numRecords: records }),
      },
    });
  }
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

const creation = (table: Dataset, createdTime: number) => [
  { protocol: { minReaderVersion: READER, minWriterVersion: WRITER } },
  {
    metaData: {
      id: tableId(table),
      name: table,
      format: { provider: "parquet", options: {} },
      schemaString: schemaString(table),
      partitionColumns: partitionColumns(table),
      configuration: {},
      createdTime,
    },
  },
];

function safeToken(token: bigint): number {
  const number = Number(token);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw misuse(`the fencing token ${token} is not between 0 and ${Number.MAX_SAFE_INTEGER}`);
}

function assertNewest(table: Dataset, state: TableState, { fence }: CommitRequest): void {
  if (state.fence <= fence) return;
  throw new ToplineError(
    "LEASE_LOST",
    `Zone table ${table} was committed to under token ${state.fence}, newer than this one's ${fence}: another process has taken over. Nothing more was changed.`,
  );
}

/** What a writer of version 2 must respect, and what its files must fit. */
function assertWritable(table: Dataset, state: TableState, { remove }: ZoneActions): void {
  const { protocol, metadata } = state;
  const where = `The Delta log of ${table}`;
  if (protocol === undefined || metadata === undefined) throw corrupt(where, "it has no metaData");
  if (protocol.minWriterVersion > WRITER) {
    throw corrupt(
      where,
      `it asks for writer version ${protocol.minWriterVersion}${forFeatures(protocol.writerFeatures)}, and this one has ${WRITER}; nothing was committed`,
    );
  }
  if (remove.length > 0 && metadata.configuration["delta.appendOnly"] === "true") {
    throw corrupt(where, "delta.appendOnly is set, so nothing can be removed from it");
  }
  assertTakesRows(table, metadata);
}

/** Removed files are live, each once; added ones bear names that the log has never seen. */
function assertFiles(table: Dataset, state: TableState, { add, remove }: ZoneActions): void {
  const removed = new Set<string>();
  for (const { path } of remove) {
    if (!state.files.has(path) || removed.has(path)) {
      throw misuse(`${path} is to be removed from ${table} and is not live in it (once)`);
    }
    removed.add(path);
  }
  const named = new Set<string>();
  for (const file of add) {
    if (state.files.has(file.path) || state.gone.has(file.path) || named.has(file.path)) {
      throw misuse(`${file.path} is to be added to ${table}, whose log names it already`);
    }
    named.add(file.path);
    assertFile(table, file);
  }
}

function assertFile(table: Dataset, { path, partition }: DataFile): void {
  if (fromLogPath(toLogPath(path)) !== path) {
    throw misuse(`${JSON.stringify(path)} is not a path relative to the folder of ${table}`);
  }
  const columns = Object.keys(partition).sort().join(", ");
  const expected = partitionColumns(table).sort().join(", ");
  if (columns === expected) return;
  throw misuse(`${path} gives partition values for (${columns}), and ${table} has (${expected})`);
}

const misuse = (what: string) =>
  new ToplineError("INTERNAL", `A commit to the zone was asked for that must not be: ${what}.`);
