import type { CommitRequest, DataFile, Dataset, Zone, ZoneActions } from "@topline/core";

/** What the suite commits, and what it expects to be told. */

export const unreadable = { name: "ToplineError", code: "VERSION_UNREADABLE" };

export const infoOf = (runId: string) => ({
  runId,
  operation: "append",
  engine: "contract 1.0",
  planHash: "0f".repeat(32),
  timestamp: 1_719_360_000_000,
});

export function file(
  stem: string,
  partition: DataFile["partition"] = { date: "2024-06-25" },
): DataFile {
  return {
    path: `date=2024-06-25/${stem}.parquet`,
    size: 1_000,
    modificationTime: 1_719_360_000_123,
    partition,
    records: 3n,
  };
}

/** Everything that a key may spell and a log must encode, and partitions and numbers at their edges. */
export const oddFiles: readonly DataFile[] = [
  { ...file("a"), path: "date=2024-06-25/r1 é+%25&=#?:;,@.parquet", records: 0n },
  { ...file("b"), path: "date=__HIVE_DEFAULT_PARTITION__/b.parquet", partition: { date: null } },
  { ...file("c"), path: "日本.parquet", size: 5_497_558_138_880, records: 9_007_199_254_740_991n },
];

export interface Wanted extends Partial<ZoneActions> {
  readonly runId?: string;
  readonly operation?: string;
  readonly fence?: bigint;
  readonly since?: number;
}

export function request({ runId = "r", fence = 1n, since = -1, ...wanted }: Wanted): CommitRequest {
  const { operation = "append", add = [], remove = [], dataChange = true } = wanted;
  const info = { ...infoOf(runId), operation };
  return { info, fence, since, decide: () => ({ add, remove, dataChange }) };
}

export const commit = (zone: Zone, table: Dataset, wanted: Wanted) =>
  zone.commit(table, request(wanted));

export const sorted = (files: readonly DataFile[]) =>
  files.toSorted((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
