import type { Dataset } from "../datasets.ts";
import type { KpiRow } from "../kpis.ts";
import type { Plan, PlanLimits } from "../plan.ts";
import type { DateFigures, RefusalCode } from "../report.ts";
import type { Head } from "./validator.ts";
import type { DataFile, ZoneActions } from "./zone.ts";

/** One frozen file, as the engine is to read it. */
export interface EngineSource {
  readonly sourceId: string;
  readonly dataset: Dataset;
  /** Under the producer's name: what quarantined rows carry and messages say. */
  readonly key: string;
  /** Where the run's own copy lies. */
  readonly inputKey: string;
  readonly compression: "none" | "gzip";
  /** Bytes as stored. */
  readonly size: number;
  readonly head: Head;
}

/** `records = accepted + Σ quarantined`, exactly, unless the source is refused. */
export interface SourceVerdict {
  readonly sourceId: string;
  /** The header not counted. For a refused source: as far as it was counted. */
  readonly records: bigint;
  readonly accepted: bigint;
  readonly quarantined: Readonly<Record<string, bigint>>;
  readonly refused: { readonly code: RefusalCode; readonly message: string } | null;
}

/** Rows of a zone table by what one of its columns says. */
export interface RowChoice {
  readonly column: "source_id" | "user_id";
  readonly values: readonly string[];
}

/** What becomes of a table's files when rows leave it. */
export interface Leaving {
  /** The files that have such rows. */
  readonly remove: readonly DataFile[];
  /** What else is in those, written anew. */
  readonly add: readonly DataFile[];
}

/** The live files of each table at the versions that are being published. */
export type ZoneFiles = Readonly<Record<Dataset, readonly DataFile[]>>;

export interface AuditViolation {
  readonly audit: string;
  readonly date: string;
  readonly detail: string;
}

export interface Computation {
  /** In the order of dates; a date without listens has zeros. */
  readonly figures: readonly DateFigures[];
  /** Empty, or the computation must not be published. */
  readonly violations: readonly AuditViolation[];
}

/**
 * Work space for one transform: what `ingest` has read is there for the calls after it, what `compute` has
 * computed for `rows`. Disposing removes every trace of it on this machine.
 */
export interface EngineSession extends AsyncDisposable {
  /**
   * Reads every source once, splits accepted from quarantined records, and reaches a verdict on each.
   * Writes nothing to the store. Verdicts come in the order of `sources`.
   */
  ingest(sources: readonly EngineSource[], limits: PlanLimits): Promise<readonly SourceVerdict[]>;

  /**
   * Writes the quarantined rows of one ingested source as `<prefix>part-<n>.jsonl`: one JSON object a line,
   * `{ key, record, reason, text }`, `record` counted from 1 after the header, or null where unknown.
   * @returns the keys written
   */
  writeQuarantine(sourceId: string, prefix: string): Promise<readonly string[]>;

  /**
   * Writes the accepted rows of every ingested source that was not refused, as Parquet files (one a date in
   * `streams`) in the table's folder. `stem` makes the names unique for ever. Once a table and session; calls for
   * several tables may overlap.
   */
  writeRows(
    table: Dataset,
    options: { readonly stem: string; readonly intake: bigint },
  ): Promise<readonly DataFile[]>;

  /**
   * Finds the files that have rows of the choice, and writes what else is in those to the table's folder. The files
   * themselves stay as they are. `stem` makes the names unique for ever.
   */
  withoutRows(
    table: Dataset,
    files: readonly DataFile[],
    choice: RowChoice,
    options: { readonly stem: string },
  ): Promise<Leaving>;

  /**
   * Where a partition has several files, writes their rows as one: one row per listen and source; of rows of a
   * reference table that are equal but for `intake`, the one of the greatest. What the rows mean stays the same. The
   * files themselves stay as they are; those that hold what Topline does not know are left out. `stem` makes the
   * names unique for ever.
   * @returns which files the written ones replace
   */
  compact(
    table: Dataset,
    files: readonly DataFile[],
    options: { readonly stem: string },
  ): Promise<Pick<ZoneActions, "add" | "remove">>;

  /**
   * The dates, ascending, with listens of tracks (of users, where `users` is asked for) whose view rows
   * differ, on contract columns, between the two states of the reference tables.
   */
  datesTouched(
    before: Pick<ZoneFiles, "songs" | "users">,
    after: ZoneFiles,
    views: readonly ("songs" | "users")[],
  ): Promise<readonly string[]>;

  /** Computes every relation for `dates`, and audits the result. `zone` holds all live files. */
  compute(zone: ZoneFiles, dates: readonly string[]): Promise<Computation>;

  /** The computed rows of one table and date, in the table's order. */
  rows(table: string, date: string): Promise<readonly KpiRow[]>;
}

/** What turns records into Parquet, and sets into KPI rows. */
export interface Engine {
  /** Such as `duckdb 1.5.6`: in every report and commit. */
  readonly name: string;

  /** @throws {ToplineError} `ENGINE_UNAVAILABLE`; `RELATION_INVALID` */
  open(plan: Plan, options?: { readonly signal?: AbortSignal }): Promise<EngineSession>;
}
