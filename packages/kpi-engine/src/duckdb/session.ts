import {
  type Computation,
  type DataFile,
  type Dataset,
  type EngineSession,
  type EngineSource,
  type KpiRow,
  type Leaving,
  type PlanLimits,
  type RowChoice,
  type SourceVerdict,
  ToplineError,
  type ZoneActions,
  type ZoneFiles,
} from "@topline/core";
import { compacted } from "./compaction.ts";
import { bindRelations, computeDates, computedRows } from "./compute.ts";
import { ingestSources } from "./ingest.ts";
import { leaveOut } from "./leaving.ts";
import { copyRecords, type LocalParquet, upload } from "./parquet.ts";
import type { Database } from "./database.ts";
import { writeQuarantined } from "./quarantine.ts";
import { asBytes } from "./exact-text.ts";
import { identifier } from "./quoting.ts";
import { kpiRow } from "./relation-shape.ts";
import { datesTouchedBetween } from "./touched.ts";
import type { IngestedSource } from "./verdict.ts";
import { createIntakeTables, recordsOf, type Workspace } from "./workspace.ts";
import { ZoneFilesHere } from "./zone-files.ts";

/** One transform's work: each call is a file of this folder. */
export class DuckDbSession implements EngineSession {
  readonly #work: Workspace;
  readonly #here: ZoneFilesHere;
  readonly #ingested = new Map<string, IngestedSource>();
  /** Accepted rows of some datasets, which are Parquet from the beginning. */
  readonly #files = new Map<Dataset, LocalParquet[]>();
  readonly #written = new Set<Dataset>();

  private constructor(work: Workspace) {
    this.#work = work;
    this.#here = new ZoneFilesHere(work);
  }

  /** Owns `work` from here on. @throws {ToplineError} `RELATION_INVALID` */
  static async over(work: Workspace): Promise<DuckDbSession> {
    try {
      await createIntakeTables(work);
      await bindRelations(work);
      return new DuckDbSession(work);
    } catch (error) {
      await work[Symbol.asyncDispose]();
      throw error;
    }
  }

  async ingest(sources: readonly EngineSource[], limits: PlanLimits): Promise<SourceVerdict[]> {
    const intake = await ingestSources(this.#work, sources, limits, this.#ingested.size);
    for (const item of intake.sources) this.#ingested.set(item.source.sourceId, item);
    for (const [dataset, files] of intake.files) {
      this.#files.set(dataset, [...(this.#files.get(dataset) ?? []), ...files]);
    }
    return intake.sources.map(({ verdict }) => verdict);
  }

  async writeQuarantine(sourceId: string, prefix: string): Promise<string[]> {
    const source = this.#ingested.get(sourceId);
    if (source !== undefined) return writeQuarantined(this.#work, source, prefix);
    throw new ToplineError(
      "INTERNAL",
      `Source ${sourceId} was not ingested in this session; ingest it first.`,
    );
  }

  async writeRows(
    table: Dataset,
    options: { readonly stem: string; readonly intake: bigint },
  ): Promise<DataFile[]> {
    if (this.#written.has(table)) {
      throw new ToplineError(
        "INTERNAL",
        `The rows of ${table} were written already in this session; ingest them again in another.`,
      );
    }
    const { stem, intake } = options;
    const files = this.#files.get(table) ?? (await this.#writeRecords(table, intake));
    const uploaded = await upload(this.#work, this.#here, table, files, stem);
    this.#written.add(table);
    return uploaded;
  }

  /** On a connection of its own, so that tables are written side by side. */
  async #writeRecords(table: Dataset, intake: bigint): Promise<LocalParquet[]> {
    using db = await this.#work.db.another(this.#work.signal);
    const files = await copyRecords({ ...this.#work, db }, table, intake);
    await this.#releaseRows(table, db);
    return files;
  }

  /**
   * What is computed next needs the memory. Rows that were not accepted stay, for the quarantine; so does
   * everything where a record has several lines, because record numbers are counted over all of them.
   */
  async #releaseRows(table: Dataset, db: Database): Promise<void> {
    const sources = [...this.#ingested.values()].filter(({ source }) => source.dataset === table);
    if (!sources.every(({ isLinewise, verdict }) => isLinewise || verdict.refused !== null)) return;
    const records = recordsOf(table);
    await db.run(
      `the records of ${table}`,
      `CREATE OR REPLACE TABLE ${records} AS FROM ${records} WHERE reason IS NOT NULL`,
    );
  }

  async withoutRows(
    table: Dataset,
    files: readonly DataFile[],
    choice: RowChoice,
    { stem }: { readonly stem: string },
  ): Promise<Leaving> {
    return leaveOut(this.#work, this.#here, table, files, choice, stem);
  }

  async compact(
    table: Dataset,
    files: readonly DataFile[],
    { stem }: { readonly stem: string },
  ): Promise<Pick<ZoneActions, "add" | "remove">> {
    return compacted(this.#work, this.#here, table, files, stem);
  }

  async datesTouched(
    before: Pick<ZoneFiles, "songs" | "users">,
    after: ZoneFiles,
    views: readonly ("songs" | "users")[],
  ): Promise<string[]> {
    return datesTouchedBetween(this.#work, this.#here, before, after, views);
  }

  async compute(zone: ZoneFiles, dates: readonly string[]): Promise<Computation> {
    return computeDates(this.#work, this.#here, zone, dates);
  }

  async rows(table: string, date: string): Promise<KpiRow[]> {
    const { db, plan } = this.#work;
    const spec = plan.tables.find(({ name }) => name === table);
    if (spec === undefined) {
      throw new ToplineError(
        "INTERNAL",
        `The plan has no table ${table}; it has ${plan.tables.map(({ name }) => name).join(", ")}.`,
      );
    }
    const columns = spec.columns.map(({ name, type }) => {
      const column = identifier(name);
      return type === "string" ? `${asBytes(column)} AS ${column}` : column;
    });
    // Of text as bytes, too: their order is that of code points.
    const order = spec.orderBy.map((name) => `${identifier(name)} NULLS FIRST`).join(", ");
    const rows = await db.rows(
      `relation ${spec.relation}`,
      `SELECT ${columns.join(", ")} FROM ${computedRows(spec.relation)} AS r WHERE r.date = $1${order === "" ? "" : ` ORDER BY ${order}`}`,
      [date],
    );
    return rows.map((row) => kpiRow(spec, row));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#work[Symbol.asyncDispose]();
  }
}
