import type { Dataset } from "../datasets.ts";
import type { DateFigures, RefusalCode, TableReport } from "../report.ts";

/** What an operation did, as data, in the manner of a run's report. The field names are a contract. */

export type OperationName = "rebuild" | "retract" | "replay" | "maintain" | "erase";

/** What one commit did to a table of the zone. */
export interface ZoneChange {
  readonly table: Dataset;
  /** As the commit names it. */
  readonly operation: string;
  /** The version that the commit made. */
  readonly version: number;
  readonly files_added: number;
  readonly files_removed: number;
  readonly rows_added: bigint;
  readonly rows_removed: bigint;
}

/** A source, as the ledger has it. */
export interface SourceNamed {
  readonly key: string;
  readonly source_id: string;
  readonly dataset: Dataset;
  /** That took it in. */
  readonly run_id: string;
  /** Where the raw file lies. */
  readonly archived_to: string;
}

export interface RetractReport extends OperationReport {
  readonly source: SourceNamed;
  /** That left the zone. */
  readonly rows: bigint;
}

/** What today's contract made of an archived file. */
export interface SourceReplay extends SourceNamed {
  /** Records, the header not counted. */
  readonly rows: bigint;
  readonly accepted: bigint;
  readonly quarantined: Readonly<Record<string, bigint>>;
  /** Why its rows and its quarantine are as they were; null where they were replaced. */
  readonly left: RefusalCode | "RETRACTED" | "NOT_ARCHIVED" | null;
}

export interface ReplayReport extends OperationReport {
  readonly sources: readonly SourceReplay[];
}

/** A table that has a checkpoint since. */
export interface Checkpointed {
  readonly table: Dataset;
  readonly version: number;
}

/** Data files of a table that were removed. */
export interface Vacuumed {
  readonly table: Dataset;
  readonly files: number;
  readonly bytes: bigint;
}

/** Input copies, or a job's scratch files, of a run that was cut off. */
export interface Leftover {
  readonly run_id: string;
  readonly objects: number;
}

export interface MaintainReport extends OperationReport {
  /** Versions that were the newest then or later stay readable. */
  readonly retained_since: string;
  readonly checkpoints: readonly Checkpointed[];
  /** One a table from which something was removed. */
  readonly vacuumed: readonly Vacuumed[];
  readonly leftovers: readonly Leftover[];
}

/** An object from which records of the user were taken. */
export interface ErasedObject {
  readonly key: string;
  readonly records: bigint;
}

/** Where the user may be found still: an erasure leaves it alone. */
export interface Remains {
  readonly place: "inbox" | "rejected" | "object-versions" | "backups";
  /** That lie there, whosever records they hold; null where Topline cannot tell. */
  readonly objects: number | null;
}

export interface EraseReport extends OperationReport {
  readonly user_id: string;
  readonly archive: readonly ErasedObject[];
  readonly quarantine: readonly ErasedObject[];
  /** That left the zone. */
  readonly rows: Readonly<Record<"users" | "streams", bigint>>;
  /** One a table from which data files were removed. */
  readonly vacuumed: readonly Vacuumed[];
  readonly leftovers: readonly Leftover[];
  readonly remains: readonly Remains[];
}

export interface OperationReport {
  readonly operation: OperationName;
  /** In place of a run's id in the commits. */
  readonly operation_id: string;
  readonly started_at: string;
  readonly finished_at: string;
  readonly engine: string;
  readonly plan_hash: string;
  /** One a table that was committed to. */
  readonly changes: readonly ZoneChange[];
  /** The dates that were computed. */
  readonly dates: DateFigures[];
  readonly tables: TableReport[];
  /** The versions that the KPI tables were computed from. */
  readonly zone: Readonly<Record<Dataset, number>>;
  readonly warnings: readonly string[];
}
