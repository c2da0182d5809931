import {
  DeleteTableCommand,
  DescribeTableCommand,
  type LocalSecondaryIndexDescription as IndexDescription,
} from "@aws-sdk/client-dynamodb";
import { GetCommand, PutCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import {
  createTables,
  dynamoKpiStore,
  dynamoRunLedger,
  missingTables,
} from "@topline/aws-adapters/dynamodb";
import { type TableSpec, tableSpecSchema } from "@topline/core";
import { afterAll, expect, test } from "vitest";
import {
  CONTRACT_TABLES,
  GENRE_KPIS,
  genreRow,
  TOP_GENRES,
  topGenreRow,
} from "../src/contracts/kpi-store/tables.ts";
import { startContractDynamo } from "./contract-dynamodb.ts";

const dynamo = await startContractDynamo();
const { client } = dynamo;
afterAll(() => dynamo[Symbol.asyncDispose]());

const DATE = "2024-06-25";
const NAMES = ["GENRE_KPIS", "TOP_SONGS", "TOP_GENRES", "PIPELINE_RUNS"];
const tables = CONTRACT_TABLES;

test("tables are made where they are missing, by however many at once", async () => {
  const prefix = "made.";
  const all = NAMES.map((name) => prefix + name);
  expect(await missingTables(client, { prefix, tables })).toEqual(all);
  const made = await Promise.all(
    Array.from({ length: 4 }, () => createTables(client, { prefix, tables })),
  );
  expect(made.flat().toSorted((a, b) => a.localeCompare(b))).toEqual(
    all.toSorted((a, b) => a.localeCompare(b)),
  );
  expect(await createTables(client, { prefix, tables })).toEqual([]);
  expect(await missingTables(client, { prefix, tables })).toEqual([]);
  await client.send(new DeleteTableCommand({ TableName: "made.TOP_SONGS" }));
  expect(await missingTables(client, { prefix, tables })).toEqual(["made.TOP_SONGS"]);
  expect(await createTables(client, { prefix, tables })).toEqual(["made.TOP_SONGS"]);
});

test("the keys and indexes are those of the specs", async () => {
  const prefix = "keys-";
  const billing = "PAY_PER_REQUEST";
  await createTables(client, { prefix, tables });
  const described = await Promise.all(
    NAMES.map((name) => client.send(new DescribeTableCommand({ TableName: prefix + name }))),
  );
  const keys = (schema: readonly { AttributeName?: string | undefined }[] = []) =>
    schema.map((key) => key.AttributeName).join(", ");
  const indexes = (found: readonly Pick<IndexDescription, "IndexName" | "KeySchema">[] = []) =>
    found.map((index) => `${index.IndexName}: ${keys(index.KeySchema)}`);
  expect(
    described.map(({ Table }) => ({
      key: keys(Table?.KeySchema),
      global: indexes(Table?.GlobalSecondaryIndexes),
      local: indexes(Table?.LocalSecondaryIndexes),
      billing: Table?.BillingModeSummary?.BillingMode,
    })),
  ).toEqual([
    { key: "date, genre", global: ["genre-date: genre, date"], local: [], billing },
    { key: "date, genre_rank", global: [], local: [], billing },
    {
      key: "date, rank",
      global: [],
      local: ["date-listen_count: date, listen_count"],
      billing,
    },
    { key: "pipeline, id", global: [], local: ["started_at: pipeline, started_at"], billing },
  ]);
});

const songs = (more: Partial<TableSpec>): TableSpec =>
  tableSpecSchema.parse({
    name: "SONGS",
    relation: "songs",
    columns: [
      { name: "date", type: "string" },
      { name: "id", type: "string" },
      { name: "rank", type: "integer" },
    ],
    sortKey: "id",
    list: ["id"],
    orderBy: ["id"],
    ...more,
  });

const columnsWith = (type: "string" | "integer") => [
  { name: "date", type: "string" as const },
  { name: "id", type },
  { name: "rank", type: "integer" as const },
];

test.each([
  [
    "another sort key",
    songs({ sortKey: "rank" }),
    /date \(S\), rank \(N\).*found date \(S\), id \(S\)/,
  ],
  [
    "a key of another type",
    songs({ columns: columnsWith("integer") }),
    /id \(N\).*found date \(S\), id \(S\)/,
  ],
  [
    "an index more",
    songs({ indexes: [{ name: "by-rank", kind: "local", partitionKey: "date", sortKey: "rank" }] }),
    /local index by-rank on date \(S\), rank \(N\), found none/,
  ],
])("a table that is there with %s is refused and left as it is", async (name, spec, message) => {
  const prefix = `${name.replaceAll(" ", "-")}.`;
  await createTables(client, { prefix, tables: [songs({})] });
  const describe = () => client.send(new DescribeTableCommand({ TableName: `${prefix}SONGS` }));
  const before = (await describe()).Table;
  const refused = createTables(client, { prefix, tables: [spec] });
  await expect(refused).rejects.toMatchObject({ code: "STORE_REFUSED" });
  await expect(refused).rejects.toThrow(message);
  expect((await describe()).Table).toEqual(before);
});

test("items hold the row's columns and nothing else", async () => {
  const { prefix, ledger, store } = await dynamo.open(tables);
  const lease = await ledger.acquire("a", 30);
  await store.publish(GENRE_KPIS, DATE, [genreRow(DATE, "a", { listen_count: null })], lease);
  const get = new GetCommand({ TableName: `${prefix}GENRE_KPIS`, Key: { date: DATE, genre: "a" } });
  const { Item = {} } = await client.send(get);
  expect(Object.keys(Item).toSorted((a, b) => a.localeCompare(b))).toEqual([
    "avg_listening_time_per_user_ms",
    "date",
    "genre",
    "total_listening_time_ms",
    "unique_listeners",
  ]);
});

test("an item that another wrote is mended: attributes more, or of another type", async () => {
  const { prefix, ledger, store } = await dynamo.open(tables);
  const lease = await ledger.acquire("a", 30);
  const row = genreRow(DATE, "a");
  const spoil = (Item: object) =>
    client.send(
      new PutCommand({
        TableName: `${prefix}GENRE_KPIS`,
        Item: { date: DATE, genre: "a", ...Item },
      }),
    );
  await spoil({ ...row, run_id: "x" });
  expect(await store.publish(GENRE_KPIS, DATE, [row], lease)).toMatchObject({ put: 1 });
  await spoil({ ...row, listen_count: "7" });
  await expect(store.read(GENRE_KPIS, DATE)).rejects.toMatchObject({ code: "STATE_CORRUPT" });
  expect(await store.publish(GENRE_KPIS, DATE, [row], lease)).toMatchObject({ put: 1 });
  expect(await store.read(GENRE_KPIS, DATE)).toEqual([row]);
});

test("the indexes show what was published", async () => {
  const { prefix, ledger, store } = await dynamo.open(tables);
  const lease = await ledger.acquire("a", 30);
  for (const date of ["2024-06-26", "2024-06-25"]) {
    await store.publish(GENRE_KPIS, date, [genreRow(date, "a"), genreRow(date, "b")], lease);
  }
  await store.publish(
    TOP_GENRES,
    DATE,
    [5n, 3n, 11n].map((listen_count, index) =>
      topGenreRow(DATE, BigInt(index + 1), { listen_count }),
    ),
    lease,
  );
  const query = async (TableName: string, IndexName: string, key: string, value: string) => {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName,
        IndexName,
        KeyConditionExpression: "#key = :value",
        ExpressionAttributeNames: { "#key": key },
        ExpressionAttributeValues: { ":value": value },
      }),
    );
    return Items;
  };
  const byGenre = await query(`${prefix}GENRE_KPIS`, "genre-date", "genre", "a");
  expect(byGenre.map((item) => item["date"])).toEqual(["2024-06-25", "2024-06-26"]);
  const byCount = await query(`${prefix}TOP_GENRES`, "date-listen_count", "date", DATE);
  expect(byCount.map((item) => String(item["listen_count"]))).toEqual(["3", "5", "11"]);
});

test("an item that moves between lists ties both into one transaction", async () => {
  const teams: TableSpec = tableSpecSchema.parse({
    name: "TEAMS",
    relation: "teams",
    columns: ["date", "id", "team", "text"].map((name) => ({ name, type: "string" })),
    sortKey: "id",
    list: ["team"],
    orderBy: ["id"],
  });
  const { ledger, store } = await dynamo.open([teams]);
  const lease = await ledger.acquire("a", 30);
  const members = (text: string, mover = "") =>
    ["a", "b"].flatMap((home) =>
      Array.from({ length: 60 }, (_, number) => {
        const id = `${home}${number}`;
        return { date: DATE, id, team: id === mover ? "b" : home, text };
      }),
    );
  await store.publish(teams, DATE, members("before"), lease);
  // 60 changes a list: two transactions. With one that moves: 120 that must be one.
  await expect(store.publish(teams, DATE, members("after", "a0"), lease)).rejects.toMatchObject({
    code: "LIST_TOO_LARGE",
  });
  expect(await store.publish(teams, DATE, members("after"), lease)).toMatchObject({ put: 120 });
});

test("prefixes and pipelines keep apart", async () => {
  const here = await dynamo.open([GENRE_KPIS]);
  const there = await dynamo.open([GENRE_KPIS]);
  const mine = await here.ledger.acquire("a", 30);
  const theirs = await there.ledger.acquire("b", 30);
  await here.store.publish(GENRE_KPIS, DATE, [genreRow(DATE, "a")], mine);
  expect(await there.store.read(GENRE_KPIS, DATE)).toEqual([]);
  await there.store.publish(GENRE_KPIS, DATE, [], theirs);
  expect(await here.store.read(GENRE_KPIS, DATE)).toHaveLength(1);

  const { prefix, clock } = here;
  const other = dynamoRunLedger({ client, prefix, clock, pipeline: "other" });
  clock.advance(1_000);
  const lease = await other.acquire("c", 30);
  await other.open("run-1", lease);
  expect(await here.ledger.openRun()).toBeUndefined();
  await here.ledger.verify(mine);
  const store = dynamoKpiStore({ client, prefix, pipeline: "other" });
  await expect(store.publish(GENRE_KPIS, DATE, [], mine)).rejects.toMatchObject({
    code: "LEASE_LOST",
  });
});

test("a ledger item that is not as it must be is a fault that names it", async () => {
  const { prefix, ledger } = await dynamo.open([]);
  await client.send(
    new PutCommand({
      TableName: `${prefix}PIPELINE_RUNS`,
      Item: { pipeline: "topline", id: "#published", plan_hash: "x", zone: { songs: "one" } },
    }),
  );
  await expect(ledger.cursor()).rejects.toMatchObject({
    code: "STATE_CORRUPT",
    message: expect.stringMatching(/PIPELINE_RUNS, item #published, zone:.*songs, found "one"/),
  });
});
