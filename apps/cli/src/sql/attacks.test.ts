import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { ToplineError } from "@topline/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FUNCTIONS, TABLE_FUNCTIONS } from "./functions.ts";
import { runSql, type SqlTable } from "./index.ts";
import { openLockedDatabase } from "./locked-database.ts";

/**
 * Every statement here tries to reach beyond the tables. `$DIR` is a folder with `secret.csv`, `$URL` a server that
 * counts its callers: neither may see anything of it, whoever refuses.
 */

/** These need the outside: the locked database must refuse them even if nothing judges the statement before. */
const OUTSIDE = [
  // Files by functions
  `SELECT * FROM read_csv('$DIR/secret.csv')`,
  `SELECT * FROM read_csv_auto('$DIR/*.csv')`,
  `SELECT * FROM read_text('$DIR/secret.csv')`,
  `SELECT content FROM read_blob('$DIR/secret.csv')`,
  `SELECT * FROM read_json('$DIR/secret.csv')`,
  `SELECT * FROM read_ndjson_objects('$DIR/secret.csv')`,
  `SELECT * FROM read_parquet('$DIR/secret.csv')`,
  `SELECT * FROM read_duckdb('$DIR/other.db')`,
  `SELECT * FROM sniff_csv('$DIR/secret.csv')`,
  `SELECT * FROM parquet_metadata('$DIR/secret.csv')`,
  `SELECT * FROM parquet_schema('$DIR/secret.csv')`,
  `SELECT * FROM parquet_kv_metadata('$DIR/secret.csv')`,
  `SELECT * FROM "read_csv"('$DIR/secret.csv')`,
  `SELECT * FROM READ_TEXT ( '$DIR/' || 'secret.csv' )`,
  `SELECT * FROM main.read_text('$DIR/secret.csv')`,
  `SELECT * FROM system.main.read_text('$DIR/secret.csv')`,
  `SELECT * FROM read_csv(['$DIR/secret.csv'], header = false, columns = {'a': 'VARCHAR'})`,
  // Files by name
  `SELECT * FROM '$DIR/secret.csv'`,
  `FROM "$DIR/secret.csv"`,
  `TABLE "$DIR/secret.csv"`,
  `SELECT * FROM "/etc/passwd"`,
  `SELECT * FROM 'file://$DIR/secret.csv'`,
  `WITH "$DIR/secret.csv" AS (SELECT * FROM "$DIR/secret.csv") SELECT * FROM "$DIR/secret.csv"`,
  `SELECT (WITH "$DIR/secret.csv" AS (SELECT 1) SELECT 1) FROM "$DIR/secret.csv"`,
  `WITH RECURSIVE "$DIR/secret.csv" AS (SELECT * FROM "$DIR/secret.csv") SELECT * FROM "$DIR/secret.csv"`,
  // Files where a query may hide
  `SELECT (SELECT max(content) FROM read_text('$DIR/secret.csv'))`,
  `WITH a AS (SELECT * FROM read_text('$DIR/secret.csv')) SELECT * FROM a`,
  `WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r, read_text('$DIR/secret.csv') WHERE n < 3) FROM r`,
  `SELECT * FROM TOP_GENRES, LATERAL (SELECT * FROM read_text('$DIR/secret.csv'))`,
  `SELECT 1 FROM TOP_GENRES WHERE EXISTS (FROM '$DIR/secret.csv')`,
  `SELECT 1 FROM TOP_GENRES ORDER BY (SELECT max(content) FROM read_text('$DIR/secret.csv'))`,
  `SELECT 1 FROM TOP_GENRES LIMIT (SELECT count(*) FROM '$DIR/secret.csv')`,
  `SELECT 1 FROM TOP_GENRES LIMIT 1 OFFSET (SELECT count(*) FROM '$DIR/secret.csv')`,
  `SELECT count(*) FILTER (WHERE EXISTS (FROM '$DIR/secret.csv')) FROM TOP_GENRES`,
  `SELECT 1 FROM TOP_GENRES GROUP BY ALL HAVING (SELECT count(*) > 0 FROM '$DIR/secret.csv')`,
  `SELECT genre FROM TOP_GENRES QUALIFY row_number() OVER (ORDER BY (SELECT count(*) FROM '$DIR/secret.csv')) = 1`,
  `SELECT sum(listen_count) OVER (ROWS (SELECT count(*) FROM '$DIR/secret.csv') PRECEDING) FROM TOP_GENRES`,
  `SELECT list_transform([1], lambda x: (SELECT count(*) FROM '$DIR/secret.csv'))`,
  `SELECT CASE WHEN 1 = (SELECT count(*) FROM '$DIR/secret.csv') THEN 1 END`,
  `SELECT * REPLACE ((SELECT max(content) FROM read_text('$DIR/secret.csv')) AS genre) FROM TOP_GENRES`,
  `SELECT DISTINCT ON ((SELECT count(*) FROM '$DIR/secret.csv')) genre FROM TOP_GENRES`,
  `SELECT array(SELECT content FROM read_text('$DIR/secret.csv'))`,
  `VALUES ((SELECT count(*) FROM '$DIR/secret.csv'))`,
  `SELECT 1 IN (FROM '$DIR/secret.csv')`,
  `SELECT 1 UNION ALL BY NAME FROM '$DIR/secret.csv'`,
  `SELECT * FROM TOP_GENRES POSITIONAL JOIN '$DIR/secret.csv'`,
  `SELECT * FROM TOP_GENRES ASOF JOIN '$DIR/secret.csv' f ON rank >= f.rank`,
  `SELECT * FROM '$DIR/secret.csv' TABLESAMPLE 10%`,
  `PIVOT '$DIR/secret.csv' ON genre IN ('a') USING count(*)`,
  `SELECT * FROM (PIVOT TOP_GENRES ON genre IN ('a') USING max((SELECT count(*) FROM '$DIR/secret.csv')))`,
  `UNPIVOT '$DIR/secret.csv' ON genre INTO NAME n VALUE v`,
  `DESCRIBE '$DIR/secret.csv'`,
  `SUMMARIZE SELECT * FROM '$DIR/secret.csv'`,
  `SELECT * FROM (DESCRIBE FROM '$DIR/secret.csv')`,
  // SQL within SQL
  `SELECT * FROM query('SELECT * FROM read_text(''$DIR/secret.csv'')')`,
  `SELECT * FROM query_table('$DIR/secret.csv')`,
  `SELECT * FROM query_table(['TOP_GENRES', '$DIR/secret.csv'])`,
  `SELECT * FROM json_execute_serialized_sql(json_serialize_sql('FROM read_text(''$DIR/secret.csv'')'))`,
  `PRAGMA json_execute_serialized_sql('{}')`,
  `SELECT * FROM from_substrait('x'::BLOB)`,
  `EXPLAIN ANALYZE COPY TOP_GENRES TO '$DIR/out.csv'`,
  `EXPLAIN ANALYZE SELECT * FROM '$DIR/secret.csv'`,
  `PREPARE p AS SELECT * FROM '$DIR/secret.csv'`,
  `CREATE MACRO m() AS TABLE SELECT * FROM '$DIR/secret.csv'`,
  // Writing
  `COPY TOP_GENRES TO '$DIR/out.csv'`,
  `COPY (SELECT 1) TO '$DIR/out.parquet' (FORMAT parquet)`,
  `COPY TOP_GENRES FROM '$DIR/secret.csv'`,
  `EXPORT DATABASE '$DIR/out'`,
  `IMPORT DATABASE '$DIR'`,
  `ATTACH '$DIR/new.db' AS n`,
  `ATTACH IF NOT EXISTS ':memory:' AS n; COPY FROM DATABASE memory TO n; ATTACH '$DIR/new.db'`,
  `CREATE TABLE t AS SELECT * FROM '$DIR/secret.csv'`,
  `SELECT 1; COPY TOP_GENRES TO '$DIR/out.csv'`,
  `SELECT 1 /* a */ ; -- b\nCOPY TOP_GENRES TO '$DIR/out.csv'`,
  `COPY TOP_GENRES TO '$DIR/out.csv'; SELECT 1`,
  `INSTALL httpfs`,
  `INSTALL '$DIR/x.duckdb_extension'`,
  `FORCE INSTALL spatial FROM community`,
  `LOAD httpfs`,
  `LOAD '$DIR/x.duckdb_extension'`,
  `UPDATE EXTENSIONS`,
  `CREATE PERSISTENT SECRET s (TYPE s3)`,
  // The network
  `SELECT * FROM '$URL/a.csv'`,
  `SELECT * FROM read_text('$URL/a')`,
  `SELECT * FROM read_parquet('s3://bucket/a.parquet')`,
  `SELECT * FROM 's3://bucket/a.csv'`,
  `SELECT * FROM read_csv('https://example.com/a.csv')`,
  `ATTACH '$URL/a.db' AS n`,
  `COPY TOP_GENRES TO '$URL/a.csv'`,
  // Settings
  `SET lock_configuration = false`,
  `SET enable_external_access = true`,
  `SET GLOBAL temp_directory = '$DIR'`,
  `RESET memory_limit`,
  `PRAGMA enable_profiling = 'json'`,
  `PRAGMA profiling_output = '$DIR/profile.json'`,
  `SELECT 1; SET enable_external_access = true; SELECT * FROM '$DIR/secret.csv'`,
  // Changing the tables
  `INSERT INTO TOP_GENRES VALUES ('2024-01-01', 1, 'x', 1)`,
  `DELETE FROM TOP_GENRES RETURNING *`,
  `UPDATE TOP_GENRES SET rank = 0`,
  `TRUNCATE TOP_GENRES`,
  `DROP TABLE TOP_GENRES`,
  `ALTER TABLE TOP_GENRES ADD COLUMN x INT`,
  `CREATE VIEW v AS SELECT 1`,
  `CREATE SEQUENCE s`,
  `MERGE INTO TOP_GENRES USING (SELECT 1 AS rank) s USING (rank) WHEN MATCHED THEN DELETE`,
  `WITH x AS (DELETE FROM TOP_GENRES RETURNING *) SELECT * FROM x`,
];

/** These ask the session about itself, or do nothing yet: harmless or not, it is not a query over the tables. */
const BESIDE = [
  `WITH unused AS MATERIALIZED (SELECT * FROM '$DIR/secret.csv') SELECT 1`,
  `SELECT * FROM glob('$DIR/*')`,
  `SELECT getenv('HOME')`,
  `SELECT current_setting('home_directory')`,
  `SELECT "current_setting"('memory_limit') FROM TOP_GENRES`,
  `SELECT 'memory_limit'.current_setting()`,
  `SELECT system.main.current_setting('memory_limit')`,
  `SELECT list_transform(['memory_limit'], lambda s: current_setting(s))`,
  `SELECT max(rank) FILTER (WHERE current_setting('threads') > 1) FROM TOP_GENRES`,
  `SELECT genre FROM TOP_GENRES ORDER BY current_setting('threads')`,
  `SELECT genre FROM TOP_GENRES LIMIT current_setting('threads')`,
  `SELECT COLUMNS(c -> c = current_setting('threads')) FROM TOP_GENRES`,
  `SELECT * FROM range(current_setting('threads'))`,
  `SELECT * FROM unnest([current_setting('threads')])`,
  `SELECT rank() OVER (PARTITION BY current_setting('threads')) FROM TOP_GENRES`,
  `SELECT current_setting('threads') OVER () FROM TOP_GENRES`,
  `SELECT string_agg(genre ORDER BY current_setting('threads')) FROM TOP_GENRES`,
  `SELECT 1 GROUP BY GROUPING SETS ((current_setting('threads')), ())`,
  `SELECT 1 FROM TOP_GENRES a JOIN TOP_GENRES b ON a.genre = current_setting('threads')`,
  `SELECT CAST(current_setting('threads') AS INT) BETWEEN 1 AND 2`,
  `SELECT getvariable('x')`,
  `SET VARIABLE x = 1`,
  `SELECT * FROM duckdb_settings()`,
  `SELECT * FROM duckdb_secrets()`,
  `SELECT * FROM duckdb_extensions()`,
  `SELECT * FROM duckdb_functions()`,
  `SELECT * FROM duckdb_logs`,
  `SELECT * FROM duckdb_tables`,
  `SELECT * FROM duckdb_databases()`,
  `SELECT * FROM which_secret('s3://a', 's3')`,
  `SELECT * FROM pragma_version()`,
  `SELECT * FROM pragma_database_size()`,
  `SELECT * FROM pragma_table_info('TOP_GENRES')`,
  `SELECT * FROM pragma_user_agent()`,
  `CALL pragma_version()`,
  `PRAGMA database_list`,
  `PRAGMA version`,
  `SELECT * FROM information_schema.tables`,
  `SELECT * FROM "information_schema"."columns"`,
  `SELECT * FROM pg_catalog.pg_class`,
  `SELECT * FROM pg_tables`,
  `SELECT * FROM sqlite_master`,
  `SELECT * FROM memory.main.TOP_GENRES`,
  `SELECT * FROM main.TOP_GENRES`,
  `SELECT * FROM TOP_GENRES AT (VERSION => 1)`,
  `SELECT version()`,
  `SELECT current_user`,
  `SELECT user FROM TOP_GENRES`,
  `SELECT current_database(), current_schema(), current_catalog`,
  `SELECT current_query()`,
  `SELECT pg_sleep(1)`,
  `SELECT sleep_ms(1)`,
  `SELECT txid_current()`,
  `SELECT has_table_privilege('TOP_GENRES', 'select')`,
  `SELECT pg_get_viewdef(1)`,
  `SELECT nextval('s')`,
  `SELECT currval('s')`,
  `SELECT setseed(0.5)`,
  `SELECT write_log('x')`,
  `SELECT stats(rank) FROM TOP_GENRES`,
  `SELECT json_serialize_plan('SELECT 1')`,
  `SELECT * FROM json_each('[1]')`,
  `SELECT * FROM sql_auto_complete('SEL')`,
  `SELECT * FROM test_all_types()`,
  `SELECT * FROM repeat_row(1, num_rows = 2)`,
  `SELECT * FROM seq_scan('TOP_GENRES')`,
  `SELECT * FROM arrow_scan(1, 2, 3)`,
  `SELECT * FROM histogram(TOP_GENRES, rank)`,
  `SELECT * FROM enable_logging()`,
  `SELECT * FROM range`,
  `WITH range AS (SELECT 1) SELECT * FROM duckdb_settings()`,
  `WITH duckdb_settings AS (SELECT 1) SELECT * FROM duckdb_settings()`,
  `WITH a AS (WITH duckdb_tables AS (SELECT 1) FROM duckdb_tables) SELECT * FROM a, duckdb_tables`,
  `SHOW ALL TABLES`,
  `SHOW DATABASES`,
  `DESCRIBE TOP_GENRES`,
  `EXPLAIN SELECT 1`,
  `BEGIN`,
  `COMMIT`,
  `USE memory`,
  `CHECKPOINT`,
  `VACUUM`,
  `ANALYZE`,
  `EXECUTE p`,
  `SELECT ?`,
  `SELECT $name`,
  `SELECT DEFAULT`,
  `SELECT 1\0; SELECT 2`,
];

const SECRET = "rank,genre\n7,secret-of-the-file\n";
let dir = "";
let url = "";
let calls = 0;
const server = createServer((_, response) => {
  calls++;
  response.end(SECRET);
});

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "topline-sql-"));
  await writeFile(join(dir, "secret.csv"), SECRET);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true });
});

/** What a statement has brought about outside: to be nothing. */
const effects = async () => ({
  files: await readdir(dir),
  secret: await readFile(join(dir, "secret.csv"), "utf8"),
  calls,
});
const NONE = { files: ["secret.csv"], secret: SECRET, calls: 0 };

const aimed = (statement: string) => statement.replaceAll("$DIR", dir).replaceAll("$URL", url);

const table = (): SqlTable => ({
  spec: {
    name: "TOP_GENRES",
    columns: [
      { name: "date", type: "string" },
      { name: "rank", type: "integer" },
      { name: "genre", type: "string" },
      { name: "listen_count", type: "integer" },
    ],
  },
  rows: [{ date: "2024-03-21", rank: 1n, genre: "anime", listen_count: 4n }],
});

describe("is refused", () => {
  test.each([...OUTSIDE, ...BESIDE])("%s", async (statement) => {
    const fault: unknown = await runSql(aimed(statement), [table()]).catch((error) => error);
    expect(fault).toBeInstanceOf(ToplineError);
    expect(fault).toMatchObject({
      code: "USAGE",
      message: expect.not.stringContaining("secret-of"),
    });
    // Refused by its wording, before DuckDB binds anything: so nothing of DuckDB's own is the cause.
    expect((fault as ToplineError).cause).toBeUndefined();
    expect(await effects()).toEqual(NONE);
  });
});

describe("is refused by the locked database alone", () => {
  let database: Awaited<ReturnType<typeof openLockedDatabase>>;
  beforeAll(async () => {
    database = await openLockedDatabase([table()], { memoryLimit: "256MB" });
  });
  afterAll(() => database[Symbol.dispose]());

  test.each(OUTSIDE)("%s", async (statement) => {
    const { connection } = database;
    const answer = connection.run(aimed(statement)).then((result) => result.getRows());
    await expect(answer).rejects.toThrow(/Error|extract/);
    expect(await effects()).toEqual(NONE);

    // The failure has ended the transaction: a fresh one, in which the table is what it was.
    await connection.run("ROLLBACK");
    await connection.run("BEGIN TRANSACTION READ ONLY");
    const left = await connection.runAndReadAll("SELECT rank, genre FROM TOP_GENRES");
    expect(left.getRows()).toEqual([[1n, "anime"]]);
  });

  test("a sort that would have to be spilt to disk", async () => {
    using small = await openLockedDatabase([], { memoryLimit: "64MB" });
    const sort =
      "SELECT count(*) FROM (SELECT hash(range) AS h, range FROM range(20000000) ORDER BY h LIMIT 19999999)";
    await expect(small.connection.run(sort)).rejects.toThrow(/out of memory/i);
    expect(await readdir(process.cwd())).not.toContain(".tmp");
  });
});

test("every function that is allowed exists, so that no name on the list is a slip", async () => {
  using database = await openLockedDatabase([], { memoryLimit: "256MB" });
  const result = await database.connection.runAndReadAll(
    "SELECT DISTINCT lower(function_name), function_type FROM duckdb_functions()",
  );
  const found = result
    .getRows()
    .map(([name, type]) => ({ name: String(name), type: String(type) }));
  const known = new Set(
    found.filter(({ type }) => !type.startsWith("table")).map(({ name }) => name),
  );
  const ofRows = new Set(found.filter(({ type }) => type === "table").map(({ name }) => name));
  expect([...FUNCTIONS].filter((name) => !known.has(name) && !ofRows.has(name))).toEqual([]);
  expect([...TABLE_FUNCTIONS].filter((name) => !ofRows.has(name))).toEqual([]);
});
