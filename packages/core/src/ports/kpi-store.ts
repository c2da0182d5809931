import type { KpiRow, TableSpec } from "../kpis.ts";
import type { Lease } from "./run-ledger.ts";

export interface PublishCounts {
  readonly put: number;
  readonly deleted: number;
  readonly unchanged: number;
}

/** The KPI tables. Reads are strongly consistent. */
export interface KpiStore {
  /** The rows of one date in the order of `table.orderBy`. */
  read(table: TableSpec, date: string): Promise<readonly KpiRow[]>;

  /** Every row of the table, in no order. */
  scan(table: TableSpec): AsyncIterable<KpiRow>;

  /** The dates that have items, each once. */
  dates(table: TableSpec): AsyncIterable<string>;

  /**
   * Makes the items of a date exactly `rows`: writes what differs and nothing else, in transactions that
   * hold only while `lease` is the newest; a list (`table.list`) is never published in parts.
   * @throws {ToplineError} `LEASE_LOST`; `DUPLICATE_KEY`; `LIST_TOO_LARGE`
   */
  publish(
    table: TableSpec,
    date: string,
    rows: readonly KpiRow[],
    lease: Lease,
  ): Promise<PublishCounts>;
}
