import { type DynamoDBDocumentClient, paginateQuery, paginateScan } from "@aws-sdk/lib-dynamodb";
import {
  compareRows,
  type KpiRow,
  type KpiStore,
  type KpiValue,
  type TableSpec,
} from "@topline/core";
import type { Item } from "./attributes.ts";
import { type Sleeper, systemSleeper } from "./conflicts.ts";
import { faultOf } from "./faults.ts";
import { DEFAULT_PIPELINE, RUNS_TABLE, writeFenced } from "./fence.ts";
import { type Change, listOf, packTransactions } from "./packing.ts";
import { isItemOf, itemBytes, itemOf, readValue, rowOf } from "./rows.ts";
import { validRows } from "./valid-rows.ts";

export interface DynamoKpiStoreOptions {
  /** By `dynamoClient`. */
  readonly client: DynamoDBDocumentClient;
  /** Before every table name. */
  readonly prefix: string;
  /** Whose fence guards the writes: the ledger's. Default: `topline`. */
  readonly pipeline?: string;
  /** Sleeps between attempts at a transaction that met another. */
  readonly clock?: Sleeper;
}

/** The KPI tables in DynamoDB, fenced by the run ledger in the same account and under the same prefix. */
export function dynamoKpiStore(options: DynamoKpiStoreOptions): KpiStore {
  const { client, prefix, pipeline = DEFAULT_PIPELINE, clock = systemSleeper } = options;
  const fence = { table: prefix + RUNS_TABLE, pipeline };

  async function itemsOf(table: TableSpec, date: string): Promise<Item[]> {
    const TableName = prefix + table.name;
    const pages = paginateQuery(
      { client },
      {
        TableName,
        KeyConditionExpression: "#date = :date",
        ExpressionAttributeNames: { "#date": "date" },
        ExpressionAttributeValues: { ":date": date },
        ConsistentRead: true,
      },
    );
    return Array.fromAsync(flat(pages, "Query", TableName));
  }

  return {
    async read(table, date) {
      const items = await itemsOf(table, date);
      return items.map((item) => rowOf(table, item)).sort(compareRows(table));
    },

    async *scan(table) {
      const TableName = prefix + table.name;
      const pages = paginateScan({ client }, { TableName, ConsistentRead: true });
      for await (const item of flat(pages, "Scan", TableName)) yield rowOf(table, item);
    },

    async *dates(table) {
      const TableName = prefix + table.name;
      const pages = paginateScan(
        { client },
        {
          TableName,
          ConsistentRead: true,
          ProjectionExpression: "#date",
          ExpressionAttributeNames: { "#date": "date" },
        },
      );
      const seen = new Set<string>();
      for await (const item of flat(pages, "Scan", TableName)) {
        const date = String(item["date"]);
        if (seen.has(date)) continue;
        seen.add(date);
        yield date;
      }
    },

    async publish(table, date, rows, lease) {
      const wanted = validRows(table, date, rows);
      const difference = compare(table, prefix, wanted, await itemsOf(table, date));
      for (const writes of packTransactions(table, date, difference.changes)) {
        await writeFenced(client, clock, fence, lease, writes);
      }
      return difference.counts;
    },
  };
}

/** What must be written so that the items of a date are exactly `wanted`. */
function compare(
  table: TableSpec,
  prefix: string,
  wanted: ReadonlyMap<KpiValue, KpiRow>,
  items: readonly Item[],
) {
  const TableName = prefix + table.name;
  const valueOf = (item: Item, name: string): KpiValue => {
    const type = table.columns.find((column) => column.name === name)?.type ?? "string";
    return readValue(type, item[name]) ?? null;
  };
  const listOfItem = (item: Item): string =>
    listOf(table, Object.fromEntries(table.list.map((name) => [name, valueOf(item, name)])));
  const present = new Map(items.map((item) => [valueOf(item, table.sortKey), item]));

  const changes: Change[] = [];
  for (const [key, row] of wanted) {
    const old = present.get(key);
    if (old !== undefined && isItemOf(table, row, old)) continue;
    const Item = itemOf(row);
    const lists = new Set([listOf(table, row)]);
    if (old !== undefined) lists.add(listOfItem(old));
    changes.push({
      write: { Put: { TableName, Item } },
      lists: [...lists],
      bytes: itemBytes(Item),
    });
  }
  const put = changes.length;
  for (const [key, item] of present) {
    if (wanted.has(key)) continue;
    const Key = { date: item["date"], [table.sortKey]: item[table.sortKey] };
    changes.push({
      write: { Delete: { TableName, Key } },
      lists: [listOfItem(item)],
      bytes: itemBytes(item),
    });
  }
  const counts = { put, deleted: changes.length - put, unchanged: wanted.size - put };
  return { changes, counts };
}

async function* flat(
  pages: AsyncIterable<{ readonly Items?: Record<string, unknown>[] | undefined }>,
  operation: string,
  table: string,
): AsyncGenerator<Item> {
  try {
    for await (const { Items = [] } of pages) yield* Items;
  } catch (error) {
    throw faultOf(error, { operation, tables: [table] });
  }
}
