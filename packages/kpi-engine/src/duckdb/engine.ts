import {
  type Clock,
  type Engine,
  type Logger,
  type ObjectStore,
  silentLogger,
} from "@topline/core";
import { DuckDbSession } from "./session.ts";
import { openWorkspace } from "./workspace.ts";

export interface DuckDbEngineOptions {
  /** Where input copies lie, and Parquet and quarantine go. */
  readonly store: Pick<ObjectStore, "get" | "put">;
  /** Each session has a directory of its own in it, for as long as it is open. */
  readonly tempDirectory: string;
  /** Of DuckDB, as it writes it, such as `1GB`; beyond, it spills. Default: 80 % of the machine's memory. */
  readonly memoryLimit?: string;
  /** Of one statement over many rows, or of as many statements over few. Default: one a core. */
  readonly threads?: number;
  readonly logger?: Logger;
  readonly clock?: Pick<Clock, "now">;
}

/** The version that this package depends on. */
const DUCKDB_VERSION = "1.5.6";

/** DuckDB in this process. */
export function duckdbEngine(options: DuckDbEngineOptions): Engine {
  const { store, tempDirectory, memoryLimit, threads, logger = silentLogger } = options;
  const clock = options.clock ?? { now: () => new Date() };
  return {
    name: `duckdb ${DUCKDB_VERSION}`,
    async open(plan, { signal = new AbortController().signal } = {}) {
      const work = await openWorkspace({
        plan,
        store,
        tempDirectory,
        memoryLimit,
        threads,
        clock,
        logger,
        signal,
      });
      return DuckDbSession.over(work);
    },
  };
}
