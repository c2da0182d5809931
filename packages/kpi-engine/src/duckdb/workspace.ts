import { mkdtemp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type Clock,
  type Dataset,
  DATASETS,
  type Logger,
  type ObjectStore,
  type Plan,
} from "@topline/core";
import { type Database, Database as DuckDb } from "./database.ts";
import { identifier } from "./quoting.ts";

/** What the parts of a session share: a directory, a database in it, and where objects come from. */
export interface Workspace extends AsyncDisposable {
  readonly plan: Plan;
  readonly store: Pick<ObjectStore, "get" | "put">;
  readonly db: Database;
  readonly directory: string;
  readonly clock: Pick<Clock, "now">;
  readonly logger: Logger;
  /** Aborts when the caller gives up. */
  readonly signal: AbortSignal;
  /**
   * Does one piece of work after the other: overlapping statements would only hold threads that wait for the
   * connection, and with them the file system.
   */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Does one piece of work on a connection of its own, as many at a time as there are threads that statements do
   * not share.
   */
  beside<T>(work: (db: Database) => Promise<T>): Promise<T>;
  /** The same as `alone` for what brings lines here: one thread of JavaScript looks at all of them. */
  staging<T>(work: () => Promise<T>): Promise<T>;
}

export interface WorkspaceOptions {
  readonly plan: Plan;
  readonly store: Pick<ObjectStore, "get" | "put">;
  readonly tempDirectory: string;
  readonly memoryLimit?: string | undefined;
  readonly threads?: number | undefined;
  readonly clock: Pick<Clock, "now">;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** @throws {ToplineError} `ENGINE_UNAVAILABLE`; leaves nothing behind then */
export async function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const { plan, store, clock, logger, signal } = options;
  await mkdir(options.tempDirectory, { recursive: true });
  const directory = await mkdtemp(join(options.tempDirectory, "topline-"));
  const remove = () => rm(directory, { recursive: true, force: true, maxRetries: 3 });
  try {
    const db = await DuckDb.open({ ...options, directory });
    const close = async () => {
      db[Symbol.dispose]();
      await remove();
    };
    return {
      plan,
      store,
      db,
      directory,
      clock,
      logger,
      signal,
      alone: oneAfterTheOther(),
      beside: sideBySide(db, signal),
      staging: oneAfterTheOther(),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

function sideBySide(db: Database, signal: AbortSignal): Workspace["beside"] {
  const waiting: (() => void)[] = [];
  let busy = 0;
  return async (work) => {
    if (busy >= db.lanes) await new Promise<void>((resolve) => waiting.push(resolve));
    else busy += 1;
    try {
      using lane = await db.another(signal);
      return await work(lane);
    } finally {
      const next = waiting.shift();
      if (next === undefined) busy -= 1;
      else next();
    }
  };
}

function oneAfterTheOther(): Workspace["alone"] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}

/** The engine's own tables, out of the way of relations of any name. */
export const OWN = "topline";
export const own = (name: string) => `${OWN}.${identifier(name)}`;

/** How DuckDB holds a column of a zone table while it computes. */
export const duckTypes = {
  string: "VARCHAR",
  integer: "INTEGER",
  long: "BIGINT",
  timestamp: "TIMESTAMP",
} as const;

export const recordsOf = (dataset: Dataset) => own(`records_${dataset}`);
export const headsOf = (dataset: Dataset) => own(`heads_${dataset}`);
export const SOURCES = own("sources");
export const rawLinesOf = (dataset: Dataset) => own(`raw_lines_${dataset}`);

/** The tables that ingestion fills, empty. */
export async function createIntakeTables({ db, plan }: Workspace): Promise<void> {
  await db.run(
    "its tables",
    `CREATE SCHEMA ${OWN}; CREATE TABLE ${SOURCES} (name INT, source_id VARCHAR)`,
  );
  for (const dataset of DATASETS) {
    const { columns } = plan.datasets[dataset];
    const positions = columns.map(({ name }) => `${identifier(`p_${name}`)} INT`);
    const values = columns.map(({ name, type }) => `${identifier(name)} ${duckTypes[type]}`);
    await db.run(
      "its tables",
      `CREATE TABLE ${headsOf(dataset)} (source INT, header VARCHAR, width INT, is_plain BOOLEAN, ${positions.join(", ")});
       CREATE TABLE ${recordsOf(dataset)} (source INT, n BIGINT, is_header BOOLEAN, reason VARCHAR, line VARCHAR, ${values.join(", ")})`,
    );
  }
}
