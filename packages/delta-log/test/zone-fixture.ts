import type {
  CommitInfo,
  CommitRequest,
  DataFile,
  ObjectStore,
  Zone,
  ZoneActions,
} from "@topline/core";

/** Commits and log entries for tests, written without the code under test. */

export const STREAMS_LOG = "processed/streams/_delta_log/";

export const logKey = (version: number, suffix = ".json") =>
  `${STREAMS_LOG}${String(version).padStart(20, "0")}${suffix}`;

export const TIME = 1_719_360_000_000;

export const infoOf = (runId: string): CommitInfo => ({
  runId,
  operation: "append",
  engine: "duckdb 1.5.6",
  planHash: "ab12",
  timestamp: TIME,
});

export const fileOf = (stem: string, date: string | null = "2024-06-25"): DataFile => ({
  path: `date=${date}/${stem}.parquet`,
  size: 100,
  modificationTime: TIME - 1_000,
  partition: { date },
  records: 2n,
});

export interface Wanted extends Partial<ZoneActions> {
  readonly runId?: string;
  readonly fence?: bigint;
  readonly since?: number;
}

export function request({ runId = "r", fence = 1n, since = -1, ...wanted }: Wanted): CommitRequest {
  const { add = [], remove = [], dataChange = true } = wanted;
  return { info: infoOf(runId), fence, since, decide: () => ({ add, remove, dataChange }) };
}

export const commitTo = (zone: Zone, wanted: Wanted) => zone.commit("streams", request(wanted));

export const pathsOf = (files: readonly DataFile[]) => files.map(({ path }) => path).sort();

export async function readLines(store: ObjectStore, key: string): Promise<unknown[]> {
  const { body } = await store.get(key);
  const chunks = await Array.fromAsync(body);
  const text = chunks.map((chunk) => new TextDecoder().decode(chunk)).join("");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

export async function putLines(
  store: ObjectStore,
  key: string,
  lines: readonly unknown[],
): Promise<void> {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  await store.put(key, new TextEncoder().encode(text));
}

/** The first entry of a streams table as Spark might write it. */
export const foreignCreation = (
  protocol: object = { minReaderVersion: 1, minWriterVersion: 2 },
  configuration: Readonly<Record<string, string>> = {},
): unknown[] => [
  { commitInfo: { timestamp: TIME, operation: "CREATE TABLE", isBlindAppend: true } },
  { protocol },
  {
    metaData: {
      id: "af23c9d7-fff1-4a5a-a2c8-55c59bd782aa",
      format: { provider: "parquet", options: {} },
      schemaString: JSON.stringify({
        type: "struct",
        fields: [
          ["user_id", "string"],
          ["track_id", "string"],
          ["listen_time", "timestamp"],
          ["source_id", "string"],
          ["date", "date"],
        ].map(([name, type]) => ({ name, type, nullable: true, metadata: {} })),
      }),
      partitionColumns: ["date"],
      configuration,
      createdTime: TIME,
    },
  },
];

export const foreignAdd = (path: string, more: object = {}) => ({
  add: {
    path,
    partitionValues: { date: "2024-06-25" },
    size: 7,
    modificationTime: TIME,
    dataChange: true,
    stats: '{"numRecords":5,"minValues":{}}',
    ...more,
  },
});

export const foreignRemove = (path: string, more: object = {}) => ({
  remove: { path, deletionTimestamp: TIME, dataChange: true, ...more },
});
