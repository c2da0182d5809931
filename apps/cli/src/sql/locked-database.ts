import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { type KpiRow, type KpiValue, type TableSpec, ToplineError } from "@topline/core";

/** The rows of one KPI table, as they come from its store. */
export interface SqlTable {
  readonly spec: Pick<TableSpec, "name" | "columns">;
  readonly rows: AsyncIterable<KpiRow> | Iterable<KpiRow>;
}

/** HUGEINT holds what a DynamoDB number does (38 digits), adds up without rounding and prints as an integer. */
const TYPES = { string: "VARCHAR", integer: "HUGEINT", double: "DOUBLE" } as const;

/**
 * DuckDB in memory with the tables in it, and nothing in its reach: no file, network, extension or secret, nothing
 * spilt to disk; a transaction that only reads; and a configuration that cannot be changed any more. A fault of `rows`
 * is thrown on.
 */
export async function openLockedDatabase(
  tables: readonly SqlTable[],
  options: { readonly memoryLimit: string; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly connection: DuckDBConnection } & Disposable> {
  const instance = await DuckDBInstance.create(":memory:", {
    // First: without external access it cannot be set any more, and spilling would go to the working directory.
    temp_directory: "",
    enable_external_access: "false",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
    allow_unsigned_extensions: "false",
    allow_persistent_secrets: "false",
    memory_limit: options.memoryLimit,
    threads: "2",
  });
  const connection = await instance.connect();
  const close = () => {
    connection.closeSync();
    instance.closeSync();
  };
  try {
    for (const table of tables) await load(connection, table, options.signal);
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run("SET disabled_filesystems = 'LocalFileSystem'");
    await connection.run("SET lock_configuration = true");
    await connection.run("BEGIN TRANSACTION READ ONLY");
  } catch (error) {
    close();
    throw error;
  }
  return { connection, [Symbol.dispose]: close };
}

async function load(
  connection: DuckDBConnection,
  { spec, rows }: SqlTable,
  signal: AbortSignal | undefined,
): Promise<void> {
  const columns = spec.columns.map(({ name, type }) => `${quoted(name)} ${TYPES[type]}`);
  await connection.run(`CREATE TABLE ${quoted(spec.name)} (${columns.join(", ")})`);
  const appender = await connection.createAppender(spec.name);
  const append = {
    string: (value: KpiValue) => appender.appendVarchar(String(value)),
    integer: (value: KpiValue) => appender.appendHugeInt(BigInt(value ?? 0)),
    double: (value: KpiValue) => appender.appendDouble(Number(value)),
  };
  try {
    for await (const row of rows) {
      if (signal?.aborted) throw cancelled();
      for (const { name, type } of spec.columns) {
        const value = row[name] ?? null;
        if (value === null) appender.appendNull();
        else append[type](value);
      }
      appender.endRow();
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
}

const quoted = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`;

export const cancelled = () => new ToplineError("CANCELLED", "The query was cancelled.");
