import type { Dataset } from "../datasets.ts";
import type { DateFigures, TableReport } from "../report.ts";

/** What an operation did, as data, in the manner of a run's report. The field names are a contract. */

export type OperationName = "rebuild" | "retract";

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
