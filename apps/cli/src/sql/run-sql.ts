import { type DuckDBConnection, StatementType } from "@duckdb/node-api";
import { ToplineError } from "@topline/core";
import { type Cell, toCell } from "./cells.ts";
import { cancelled, openLockedDatabase, type SqlTable } from "./locked-database.ts";
import { lower, type Parsed, refusalOf } from "./statement.ts";

export interface SqlOptions {
  /** Ends a running query. */
  readonly signal?: AbortSignal | undefined;
  /** What tables and query may use together, such as `512MB` (default `1GB`). Nothing is spilt to disk. */
  readonly memoryLimit?: string | undefined;
  /** A result with more rows (default a million) is an error, not cut. */
  readonly maxRows?: number | undefined;
}

export interface SqlResult {
  /** Names are made distinct (`a`, `a:1`); types are DuckDB's. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly Readonly<Record<string, Cell>>[];
}

/**
 * Runs one SELECT over `tables`, and over nothing else: whatever the statement says, it reaches no file, network,
 * setting, extension or other database, and writes nothing.
 * @throws {ToplineError} `USAGE` for what is refused or fails, `CANCELLED`
 */
export async function runSql(
  statement: string,
  tables: readonly SqlTable[],
  { signal, memoryLimit = "1GB", maxRows = 1_000_000 }: SqlOptions = {},
): Promise<SqlResult> {
  if (signal?.aborted) throw cancelled();
  using database = await openLockedDatabase(tables, { memoryLimit, signal });
  const { connection } = database;
  const usage = (message: string, cause?: unknown) =>
    new ToplineError("USAGE", `${message}\n${hint(tables)}`, { cause });

  const refusal = refusalOf(await parse(connection, statement), {
    tables: new Set(tables.map(({ spec }) => lower(spec.name))),
    columns: new Set(tables.flatMap(({ spec }) => spec.columns.map(({ name }) => lower(name)))),
  });
  if (refusal !== undefined) throw usage(refusal);
  try {
    return await interruptible(connection, signal, () => read(connection, statement, maxRows));
  } catch (error) {
    if (signal?.aborted) throw cancelled();
    if (error instanceof ToplineError) throw usage(error.message);
    throw usage(readableMessage(error), error);
  }
}

/** As a tree, without binding anything. */
async function parse(connection: DuckDBConnection, statement: string): Promise<Parsed> {
  // DuckDB's C interface ends a text at NUL: what is checked must be what is run.
  if (statement.includes("\0")) return notParsed("The statement holds a NUL character.");
  const result = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [
    statement,
  ]);
  try {
    return JSON.parse(String(result.getRows()[0]?.[0])) as Parsed;
  } catch {
    return notParsed("The statement holds a number that no double can hold.");
  }
}

const notParsed = (error_message: string): Parsed => ({
  error: true,
  error_type: "parser",
  error_message,
});

async function read(
  connection: DuckDBConnection,
  statement: string,
  maxRows: number,
): Promise<SqlResult> {
  const statements = await connection.extractStatements(statement);
  if (statements.count !== 1) throw new ToplineError("USAGE", "One statement at a time.");
  const prepared = await statements.prepare(0);
  if (prepared.statementType !== StatementType.SELECT) {
    throw new ToplineError("USAGE", "Only a SELECT can be run.");
  }
  const result = await prepared.stream();
  const names = result.deduplicatedColumnNames();
  const types = result.columnTypes();
  const rows: Record<string, Cell>[] = [];
  for await (const chunk of result.yieldRows()) {
    for (const row of chunk) {
      if (rows.length === maxRows) {
        throw new ToplineError(
          "USAGE",
          `The result has more than ${maxRows} rows: aggregate, or add a LIMIT.`,
        );
      }
      rows.push(
        Object.fromEntries(
          types.map((type, i) => [names[i] ?? String(i), toCell(row[i] ?? null, type)]),
        ),
      );
    }
  }
  return {
    columns: types.map((type, i) => ({ name: names[i] ?? String(i), type: String(type) })),
    rows,
  };
}

/** An interrupt that comes between two tasks of DuckDB is lost: it is repeated until the query has ended. */
async function interruptible<T>(
  connection: DuckDBConnection,
  signal: AbortSignal | undefined,
  query: () => Promise<T>,
): Promise<T> {
  let repeating: ReturnType<typeof setInterval> | undefined;
  const interrupt = () => {
    connection.interrupt();
    repeating = setInterval(() => connection.interrupt(), 20);
  };
  signal?.addEventListener("abort", interrupt, { once: true });
  try {
    return await query();
  } finally {
    signal?.removeEventListener("abort", interrupt);
    clearInterval(repeating);
  }
}

/** DuckDB's message without its preface and its guesses at other tables. */
function readableMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/^(Failed to [a-z ]+: )/, "")
    .replace(/^[A-Za-z -]+ Error: /, "")
    .replace(/\n+(Did you mean|Candidate (bindings|functions)|LINE \d+:)[^]*$/, "")
    .trim();
}

function hint(tables: readonly SqlTable[]): string {
  return ["Tables and columns:", ...tables.map(({ spec }) => describe(spec))].join("\n  ");
}

const describe = ({ name, columns }: SqlTable["spec"]): string =>
  `"${name}" (${columns.map((column) => `"${column.name}"`).join(", ")})`;
