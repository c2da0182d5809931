import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from "@duckdb/node-api";
import { ToplineError } from "@topline/core";
import { BRIDGE_MACROS } from "./bridge.ts";

export interface DatabaseOptions {
  /** Exists; holds the database file and what DuckDB spills. */
  readonly directory: string;
  /** As DuckDB writes it, such as `1GB`. DuckDB's own default is 80 % of the machine's. */
  readonly memoryLimit?: string | undefined;
  /** Of one statement over many rows. Default: one a core. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Of all connections to one instance. */
interface Threads {
  readonly all: number;
  inUse: number;
}

export type Row = Readonly<Record<string, DuckDBValue>>;

/** One DuckDB instance of its own, in UTC, without extensions; its faults are Topline's. */
export class Database implements Disposable {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #signal: AbortSignal | undefined;
  readonly #interrupt = () => this.#connection.interrupt();
  readonly #ownsInstance: boolean;
  readonly #threads: Threads;

  private constructor(
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    threads: Threads,
    signal: AbortSignal | undefined,
    ownsInstance: boolean,
  ) {
    this.#instance = instance;
    this.#threads = threads;
    this.#ownsInstance = ownsInstance;
    this.#connection = connection;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#interrupt);
  }

  /** @throws {ToplineError} `ENGINE_UNAVAILABLE` */
  static async open({
    directory,
    memoryLimit,
    threads,
    signal,
  }: DatabaseOptions): Promise<Database> {
    const { DuckDBInstance } = await import("@duckdb/node-api").catch((cause: unknown) => {
      throw unavailable("DuckDB has no build for this platform, or it is not installed", cause);
    });
    const all = threads ?? availableParallelism();
    const settings = {
      threads: "1",
      temp_directory: join(directory, "spill"),
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
      ...(memoryLimit === undefined ? {} : { memory_limit: memoryLimit }),
    };
    const instance = await DuckDBInstance.create(":memory:", settings).catch((cause: unknown) => {
      throw unavailable(`DuckDB did not open a database in ${directory}`, cause);
    });
    const database = new Database(
      instance,
      await instance.connect(),
      { all, inUse: 1 },
      signal,
      true,
    );
    await database.run("its settings", "SET GLOBAL TimeZone = 'UTC'");
    await database.run("its macros", BRIDGE_MACROS.join(";\n"));
    return database;
  }

  /** Another connection: its statements run beside those of this one, its temporary views are its own. */
  async another(signal: AbortSignal): Promise<Database> {
    return new Database(
      this.#instance,
      await this.#instance.connect(),
      this.#threads,
      signal,
      false,
    );
  }

  /**
   * From here on a statement of any connection may use all threads. Until then it has the one that called: while one
   * thread works the others wait by asking again and again, and over few rows that is most of what they do.
   */
  async useAllThreads(): Promise<void> {
    const { all, inUse } = this.#threads;
    if (inUse === all) return;
    this.#threads.inUse = all;
    await this.run("its settings", `SET GLOBAL threads = ${all}`);
  }

  /** Statements that together keep all threads busy: where each may use all of them, a single one. */
  get lanes(): number {
    const { all, inUse } = this.#threads;
    return Math.max(1, Math.floor(all / inUse));
  }

  /** @param what names the work in a fault's message, such as `relation songs` */
  async run(what: string, sql: string, values?: DuckDBValue[]): Promise<void> {
    await this.#guard(what, async () => this.#connection.run(sql, values));
  }

  /** For results that are small whatever the data's size. */
  async rows(what: string, sql: string, values?: DuckDBValue[]): Promise<Row[]> {
    return this.#guard(what, async () => {
      const reader = await this.#connection.runAndReadAll(sql, values);
      return reader.getRowObjects();
    });
  }

  /** A few thousand rows at a time. Nothing else may run before the loop is left. */
  async *stream(what: string, sql: string, values?: DuckDBValue[]): AsyncGenerator<Row[]> {
    const result = await this.#guard(what, async () => this.#connection.stream(sql, values));
    const names = result.columnNames();
    for (;;) {
      const chunk = await this.#guard(what, async () => result.fetchChunk());
      if (chunk === null || chunk.rowCount === 0) return;
      yield chunk.getRowObjects(names);
    }
  }

  async #guard<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#signal?.aborted) throw cancelled(this.#signal);
    try {
      return await work();
    } catch (error) {
      if (this.#signal?.aborted) throw cancelled(this.#signal);
      throw failure(what, error);
    }
  }

  [Symbol.dispose](): void {
    this.#signal?.removeEventListener("abort", this.#interrupt);
    this.#connection.closeSync();
    if (this.#ownsInstance) this.#instance.closeSync();
  }
}

/** What the caller gave up for, where it said so as a fault. */
export function cancelled(signal: AbortSignal): ToplineError {
  const { reason } = signal;
  if (reason instanceof ToplineError) return reason;
  return new ToplineError("CANCELLED", "The engine was cancelled.", { cause: reason });
}

function unavailable(what: string, cause: unknown): ToplineError {
  return new ToplineError("ENGINE_UNAVAILABLE", `${what}: ${messageOf(cause)}`, { cause });
}

function failure(what: string, cause: unknown): ToplineError {
  const message = withoutRemedies(messageOf(cause));
  return new ToplineError(
    "ENGINE_FAILED",
    `DuckDB failed at ${what}: ${message}${advice(message)}`,
    {
      cause,
    },
  );
}

/** DuckDB's own remedies are settings that a user of Topline cannot reach. */
function withoutRemedies(message: string): string {
  const [problem = ""] = message.split("\n\nPossible solutions:");
  return problem === message ? message : `${problem}.`;
}

function advice(message: string): string {
  if (/out of memory/i.test(message)) {
    return " Raise memoryLimit, or give the process more memory.";
  }
  if (/no space left|disk|could not write/i.test(message)) {
    return " Free space in tempDirectory, or point it to a larger disk.";
  }
  return "";
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
