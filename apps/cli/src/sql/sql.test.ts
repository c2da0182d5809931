import { type KpiRow, toJson, type ToplineError } from "@topline/core";
import { describe, expect, test } from "vitest";
import { runSql, type SqlTable } from "./index.ts";

const column = (name: string, type: "string" | "integer" | "double" = "string") => ({ name, type });

const genre = (date: string, rank: bigint, genre: string, listens: bigint): KpiRow => ({
  date,
  rank,
  genre,
  listen_count: listens,
});

const TOP_GENRES: SqlTable = {
  spec: {
    name: "TOP_GENRES",
    columns: [
      column("date"),
      column("rank", "integer"),
      column("genre"),
      column("listen_count", "integer"),
    ],
  },
  rows: [
    genre("2024-03-21", 2n, "anime", 415n),
    genre("2024-03-21", 1n, "children", 418n),
    genre("2024-03-21", 3n, "disney", 413n),
    genre("2024-03-22", 1n, "anime", 7n),
  ],
};

const TOP_SONGS: SqlTable = {
  spec: {
    name: "TOP_SONGS",
    columns: [
      column("date"),
      column("genre"),
      column("track_name"),
      column("listen_count", "integer"),
      column("share", "double"),
    ],
  },
  rows: (async function* () {
    yield { date: "2024-03-21", genre: "anime", track_name: "Mind", listen_count: 4n, share: 0.1 };
    yield { date: "2024-03-21", genre: "children", listen_count: 10n ** 37n + 1n, share: 1 / 3 };
  })(),
};

const rows = async (statement: string, ...tables: SqlTable[]) =>
  (await runSql(statement, tables.length === 0 ? [TOP_GENRES] : tables)).rows;
const values = async (statement: string) =>
  (await rows(statement)).map((row) => Object.values(row));

const faultOf = async (statement: string, options = {}): Promise<ToplineError> =>
  runSql(statement, [TOP_GENRES], options).then(
    () => expect.unreachable("it ran"),
    (error: ToplineError) => error,
  );

describe("a query over the tables", () => {
  test("is answered as everybody writes it", async () => {
    const result = await runSql(
      `SELECT * FROM "TOP_GENRES" WHERE "date" = '2024-03-21' ORDER BY "listen_count" DESC LIMIT 5;`,
      [TOP_GENRES],
    );
    expect(result).toEqual({
      columns: [
        { name: "date", type: "VARCHAR" },
        { name: "rank", type: "HUGEINT" },
        { name: "genre", type: "VARCHAR" },
        { name: "listen_count", type: "HUGEINT" },
      ],
      rows: [
        { date: "2024-03-21", rank: 1n, genre: "children", listen_count: 418n },
        { date: "2024-03-21", rank: 2n, genre: "anime", listen_count: 415n },
        { date: "2024-03-21", rank: 3n, genre: "disney", listen_count: 413n },
      ],
    });
  });

  test("joins, and keeps integers and doubles exact and absent values absent", async () => {
    expect(
      await rows(
        `SELECT s.* EXCLUDE (date), g.rank FROM top_songs s JOIN Top_Genres g USING (date, genre) ORDER BY g.rank`,
        TOP_GENRES,
        TOP_SONGS,
      ),
    ).toEqual([
      {
        genre: "children",
        track_name: null,
        listen_count: 10n ** 37n + 1n,
        share: 1 / 3,
        rank: 1n,
      },
      { genre: "anime", track_name: "Mind", listen_count: 4n, share: 0.1, rank: 2n },
    ]);
  });

  test.each<[statement: string, expected: unknown[][]]>([
    ["FROM TOP_GENRES SELECT count(*)", [[4n]]],
    ["SELECT sum(listen_count) FROM TOP_GENRES GROUP BY date ORDER BY 1", [[7n], [1246n]]],
    [
      "SELECT genre, sum(listen_count) FILTER (date > '2024-03-21') FROM TOP_GENRES GROUP BY ALL ORDER BY ALL",
      [
        ["anime", 7n],
        ["children", null],
        ["disney", null],
      ],
    ],
    ["SELECT date FROM TOP_GENRES GROUP BY date HAVING count(*) > 1", [["2024-03-21"]]],
    ["WITH a AS (FROM TOP_GENRES), b AS (SELECT * FROM a) SELECT max(rank) FROM b", [[3n]]],
    ["WITH a AS MATERIALIZED (SELECT 1 AS x) SELECT a.x + c.x FROM a, a c", [[2n]]],
    [
      "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 4) SELECT sum(n) FROM r",
      [[10n]],
    ],
    [
      "SELECT genre FROM TOP_GENRES QUALIFY row_number() OVER (PARTITION BY date ORDER BY rank DESC) = 1 ORDER BY genre",
      [["anime"], ["disney"]],
    ],
    [
      "SELECT genre, lag(listen_count) OVER (ORDER BY rank) FROM TOP_GENRES WHERE date = '2024-03-21'",
      [
        ["children", null],
        ["anime", 418n],
        ["disney", 415n],
      ],
    ],
    [
      "SELECT genre FROM TOP_GENRES t WHERE rank = (SELECT max(rank) FROM TOP_GENRES)",
      [["disney"]],
    ],
    ["SELECT 1 WHERE EXISTS (SELECT 1 FROM TOP_GENRES WHERE genre LIKE 'dis%')", [[1n]]],
    ["SELECT genre FROM TOP_GENRES WHERE genre IN (VALUES ('disney'), ('x'))", [["disney"]]],
    ["SELECT unnest([1, 2]) AS n", [[1n], [2n]]],
    ["SELECT n FROM unnest(['a', 'b']) AS u(n)", [["a"], ["b"]]],
    ["SELECT * FROM range(2) UNION ALL SELECT 5 ORDER BY 1", [[0n], [1n], [5n]]],
    ["SELECT genre FROM TOP_GENRES INTERSECT SELECT 'anime' EXCEPT SELECT 'x'", [["anime"]]],
    ["SELECT x.genre FROM TOP_GENRES g, LATERAL (SELECT g.genre WHERE g.rank = 3) x", [["disney"]]],
    ["SELECT list_transform([1, 2], lambda x: x * 10), [y + 1 FOR y IN [1]]", [[[10n, 20n], [2n]]]],
    ["SELECT genre.upper() FROM TOP_GENRES WHERE rank = 3", [["DISNEY"]]],
    [
      "SELECT date::DATE + INTERVAL 1 DAY FROM TOP_GENRES WHERE rank = 3",
      [["2024-03-22T00:00:00"]],
    ],
    [
      "SELECT date_trunc('month', date::DATE)::DATE FROM TOP_GENRES WHERE rank = 3",
      [["2024-03-01"]],
    ],
    [
      "SELECT CASE WHEN rank > 2 THEN 'low' ELSE 'high' END FROM TOP_GENRES WHERE rank = 3",
      [["low"]],
    ],
    [
      "PIVOT TOP_GENRES ON genre IN ('anime') USING sum(listen_count) GROUP BY date ORDER BY date",
      [
        ["2024-03-21", 415n],
        ["2024-03-22", 7n],
      ],
    ],
    ["SELECT count(*) FROM TOP_GENRES POSITIONAL JOIN (SELECT 1)", [[4n]]],
    ["SELECT count(*) FROM TOP_GENRES TABLESAMPLE 100%", [[4n]]],
    ["SELECT genre COLLATE NOCASE = 'ANIME' FROM TOP_GENRES WHERE rank = 2", [[true]]],
    [`SELECT '{"a": {"b": 1}}'::JSON->'a'->>'b', [1, 2] && [2]`, [["1", true]]],
    [
      "SELECT 2 ** 3, -rank % 2, 7 // 2, 'a' || 'b' FROM TOP_GENRES WHERE rank = 3",
      [[8, -1n, 3n, "ab"]],
    ],
    ["VALUES (1, 'a')", [[1n, "a"]]],
    ["TABLE TOP_GENRES LIMIT 0", []],
    ["/* ; */ SELECT ';' -- ; DROP TABLE TOP_GENRES", [[";"]]],
    ["SELECT current_date = today()", [[true]]],
  ])("runs: %s", async (statement, expected) => {
    expect(await values(statement)).toEqual(expected);
  });

  test("yields cells that JSON can hold", async () => {
    const [row] = await rows(`SELECT
      true AS yes, NULL AS nothing, 1.50 AS decimal, 12345678901234567890::DECIMAL(38, 0) AS whole,
      170141183460469231731687303715884105727 AS huge, 0.1::DOUBLE AS fraction, 'nan'::DOUBLE AS nan,
      DATE '2024-02-29' AS day, TIMESTAMP '2024-02-29 01:02:03.5' AS moment, TIME '01:02:03' AS clock,
      TIMESTAMPTZ '2024-02-29 01:02:03+02' AS instant, INTERVAL 2 DAY AS span, '\\x41'::BLOB AS bytes,
      {'a': [1, NULL]} AS struct, MAP {'k': 2.5} AS map, ['x']::VARCHAR[1] AS array, '{"b": 1}'::JSON AS json`);
    expect(row).toEqual({
      yes: true,
      nothing: null,
      decimal: "1.50",
      whole: 12345678901234567890n,
      huge: 170141183460469231731687303715884105727n,
      fraction: 0.1,
      nan: "NaN",
      day: "2024-02-29",
      moment: "2024-02-29T01:02:03.5",
      clock: "01:02:03",
      instant: "2024-02-28T23:02:03Z",
      span: "2 days",
      bytes: "A",
      struct: { a: [1n, null] },
      map: [{ key: "k", value: "2.5" }],
      array: ["x"],
      json: '{"b": 1}',
    });
    expect(JSON.parse(toJson(row))).toMatchObject({
      huge: String(2n ** 127n - 1n),
      struct: { a: [1, null] },
    });
  });

  test("gets every column under a name of its own", async () => {
    const { columns, rows } = await runSql("SELECT 1 AS a, 2 AS a", []);
    expect(new Set(columns.map(({ name }) => name)).size).toBe(2);
    expect(rows.map((row) => Object.values(row))).toEqual([[1n, 2n]]);
  });

  test("may name a table and columns that only quotes can name", async () => {
    const odd: SqlTable = {
      spec: { name: `A"B`, columns: [column("user"), column("select", "integer")] },
      rows: [{ user: "u", select: 1n }],
    };
    expect(await rows(`SELECT user, "select" FROM "a""b"`, odd)).toEqual([
      { user: "u", select: 1n },
    ]);
  });
});

describe("a query that cannot be answered", () => {
  test.each([
    ["SELEC 1", /syntax error at or near "SELEC"/],
    ["", /no statement/],
    [" ; -- nothing", /no statement/],
    ["SELECT * FROM TOP_GENRE", /no table "TOP_GENRE"/],
    ["SELECT genres FROM TOP_GENRES", /"genres" not found/],
    ["SELECT 'a'::INT", /Could not convert string 'a' to INT32/],
    ["SELECT 1; SELECT 2", /One statement at a time/],
    ["INSERT INTO TOP_GENRES VALUES (1)", /Only a SELECT/],
    ["SHOW TABLES", /not answered here/],
    ["SELECT uper(genre) FROM TOP_GENRES", /no function uper here/],
    ["SELECT $1", /PARAMETER is not allowed/],
    ["PIVOT TOP_GENRES ON genre USING sum(rank)", /Only a SELECT/],
  ])("is a wrong use, says why and what there is: %s", async (statement, reason) => {
    const fault = await faultOf(statement);
    expect(fault).toMatchObject({ name: "ToplineError", code: "USAGE" });
    expect(fault.message).toMatch(reason);
    expect(fault.message).toContain(`"TOP_GENRES" ("date", "rank", "genre", "listen_count")`);
    expect(fault.message).not.toMatch(/Did you mean|Error:|Failed to/);
  });

  test("because its result is too long says what to do", async () => {
    const fault = await faultOf("SELECT * FROM range(11)", { maxRows: 10 });
    expect(fault.message).toMatch(/more than 10 rows: aggregate, or add a LIMIT/);
    expect((await runSql("SELECT * FROM range(10)", [], { maxRows: 10 })).rows).toHaveLength(10);
  });

  test("within its memory is a wrong use", async () => {
    const query = "SELECT list(a.range || 'x' || b.range) FROM range(3000) a, range(3000) b";
    const fault = await faultOf(query, { memoryLimit: "64MB" });
    expect(fault).toMatchObject({ code: "USAGE" });
    expect(fault.message).toMatch(/memory/i);
  });

  test("ends when its caller gives up", async () => {
    const caller = new AbortController();
    const endless =
      "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range % 7 = b.range % 3";
    const ended = faultOf(endless, { signal: caller.signal });
    const abort = setTimeout(() => caller.abort(), 100);
    expect(await ended).toMatchObject({ code: "CANCELLED" });
    clearTimeout(abort);
    expect(await faultOf("SELECT 1", { signal: caller.signal })).toMatchObject({
      code: "CANCELLED",
    });
  });
});
