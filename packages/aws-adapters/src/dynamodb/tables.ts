import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type TableDescription,
} from "@aws-sdk/client-dynamodb";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { type KpiColumn, mapConcurrently, type TableSpec, ToplineError } from "@topline/core";
import { type Sleeper, systemSleeper } from "./conflicts.ts";
import { faultOf } from "./faults.ts";
import { RUNS_TABLE } from "./fence.ts";

/** Lists runs by when they began. */
export const STARTED_AT_INDEX = "started_at";

export interface TablesOptions {
  /** Before every table name. */
  readonly prefix: string;
  /** The KPI tables; `PIPELINE_RUNS` comes with them. */
  readonly tables: readonly TableSpec[];
  /** Sleeps while a table is being made. */
  readonly clock?: Sleeper;
}

interface Keys {
  readonly partitionKey: string;
  readonly sortKey: string;
}

interface TableDefinition extends Keys {
  readonly name: string;
  readonly types: Readonly<Record<string, "S" | "N">>;
  readonly indexes: readonly (Keys & {
    readonly name: string;
    readonly kind: "global" | "local";
  })[];
}

const PARALLEL = 4;
const POLL_MS = 500;
const POLLS = 600;

/**
 * Makes the tables that are not there, on demand capacity, with their indexes, and waits until all of them
 * are active. Changes nothing about one that is there.
 *
 * @returns the names of those that were made
 * @throws {ToplineError} `STORE_REFUSED` when a table that is there has other keys or lacks an index
 */
export async function createTables(
  client: DynamoDBDocumentClient,
  { prefix, tables, clock = systemSleeper }: TablesOptions,
): Promise<string[]> {
  const made = await mapConcurrently(definitions(prefix, tables), PARALLEL, async (definition) => {
    const present = await describe(client, definition.name);
    const isNew = present === undefined && (await create(client, definition));
    await untilActive(client, clock, definition, present);
    return isNew ? [definition.name] : [];
  });
  return made.flat();
}

/** The names of all tables, `PIPELINE_RUNS` among them. */
export const tableNames = ({ prefix, tables }: Omit<TablesOptions, "clock">): string[] =>
  definitions(prefix, tables).map(({ name }) => name);

/** The names of those tables, `PIPELINE_RUNS` among them, that do not exist. */
export async function missingTables(
  client: DynamoDBDocumentClient,
  { prefix, tables }: Omit<TablesOptions, "clock">,
): Promise<string[]> {
  const missing = await mapConcurrently(definitions(prefix, tables), PARALLEL, async ({ name }) =>
    (await describe(client, name)) === undefined ? [name] : [],
  );
  return missing.flat();
}

function definitions(prefix: string, tables: readonly TableSpec[]): TableDefinition[] {
  const runs: TableDefinition = {
    name: prefix + RUNS_TABLE,
    partitionKey: "pipeline",
    sortKey: "id",
    types: { pipeline: "S", id: "S", started_at: "S" },
    indexes: [
      {
        name: STARTED_AT_INDEX,
        kind: "local",
        partitionKey: "pipeline",
        sortKey: "started_at",
      },
    ],
  };
  return [...tables.map((table) => definitionOf(prefix, table)), runs];
}

function definitionOf(prefix: string, { name, sortKey, columns, indexes }: TableSpec) {
  const typeOf = (key: string): "S" | "N" => {
    const column = columns.find((column: KpiColumn) => column.name === key);
    if (column !== undefined) return column.type === "string" ? "S" : "N";
    throw new ToplineError(
      "RELATION_INVALID",
      `The spec of table ${name} has a key ${key} that is not among its columns.`,
    );
  };
  const keys = [
    "date",
    sortKey,
    ...indexes.flatMap((index) => [index.partitionKey, index.sortKey]),
  ];
  const types = Object.fromEntries(keys.map((key) => [key, typeOf(key)]));
  return { name: prefix + name, partitionKey: "date", sortKey, types, indexes };
}

async function describe(
  client: DynamoDBDocumentClient,
  TableName: string,
): Promise<TableDescription | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName }))).Table;
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return undefined;
    throw faultOf(error, { operation: "DescribeTable", tables: [TableName] });
  }
}

const keySchema = ({ partitionKey, sortKey }: Keys) => [
  { AttributeName: partitionKey, KeyType: "HASH" as const },
  { AttributeName: sortKey, KeyType: "RANGE" as const },
];

/** False when somebody else was faster. */
async function create(client: DynamoDBDocumentClient, table: TableDefinition): Promise<boolean> {
  const indexes = (kind: "global" | "local") =>
    table.indexes
      .filter((index) => index.kind === kind)
      .map((index) => ({
        IndexName: index.name,
        KeySchema: keySchema(index),
        Projection: { ProjectionType: "ALL" as const },
      }));
  const [global, local] = [indexes("global"), indexes("local")];
  const input: CreateTableCommandInput = {
    TableName: table.name,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: keySchema(table),
    AttributeDefinitions: Object.entries(table.types).map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    ...(global.length > 0 ? { GlobalSecondaryIndexes: global } : {}),
    ...(local.length > 0 ? { LocalSecondaryIndexes: local } : {}),
  };
  try {
    await client.send(new CreateTableCommand(input));
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceInUseException") return false;
    throw faultOf(error, { operation: "CreateTable", tables: [table.name] });
  }
}

async function untilActive(
  client: DynamoDBDocumentClient,
  clock: Sleeper,
  definition: TableDefinition,
  known: TableDescription | undefined,
): Promise<void> {
  let present = known ?? (await describe(client, definition.name));
  for (let poll = 0; poll < POLLS; poll++) {
    if (present !== undefined) refuseOther(definition, present);
    const indexes = present?.GlobalSecondaryIndexes ?? [];
    const states = [present?.TableStatus, ...indexes.map((index) => index.IndexStatus)];
    // One that is being updated serves as before; emulators leave the state of an index out.
    if (states.every((state) => [undefined, "ACTIVE", "UPDATING"].includes(state)) && present)
      return;
    await clock.sleep(POLL_MS);
    present = await describe(client, definition.name);
  }
  throw new ToplineError(
    "STORE_UNAVAILABLE",
    `Table ${definition.name} is ${present?.TableStatus ?? "not there"} after ${(POLLS * POLL_MS) / 1000} s. Try again later.`,
  );
}

/** @throws {ToplineError} `STORE_REFUSED` */
function refuseOther(definition: TableDefinition, present: TableDescription): void {
  const typeOf = (key: string | undefined) =>
    present.AttributeDefinitions?.find(({ AttributeName }) => AttributeName === key)?.AttributeType;
  const found = (schema: TableDescription["KeySchema"] = []) =>
    schema.map((key) => `${key.AttributeName} (${typeOf(key.AttributeName)})`).join(", ");
  const expected = ({ partitionKey, sortKey }: Keys) =>
    `${partitionKey} (${definition.types[partitionKey]}), ${sortKey} (${definition.types[sortKey]})`;
  const refuse = (what: string, wanted: string, got: string) => {
    if (wanted === got) return;
    throw new ToplineError(
      "STORE_REFUSED",
      `Table ${definition.name} exists with another definition: expected ${what} ${wanted}, found ${got === "" ? "none" : got}. Nothing was changed. Choose another table prefix, or delete the table if it can be published anew.`,
    );
  };
  refuse("the key", expected(definition), found(present.KeySchema));
  const indexes = {
    global: present.GlobalSecondaryIndexes ?? [],
    local: present.LocalSecondaryIndexes ?? [],
  };
  for (const index of definition.indexes) {
    const same = indexes[index.kind].find(({ IndexName }) => IndexName === index.name);
    refuse(`${index.kind} index ${index.name} on`, expected(index), found(same?.KeySchema));
  }
}
