import { type DynamoDBDocumentClient, GetCommand, paginateQuery } from "@aws-sdk/lib-dynamodb";
import type { Clock, Lease, RunLedger } from "@topline/core";
import { Attributes } from "./attributes.ts";
import { faultOf } from "./faults.ts";
import {
  DEFAULT_PIPELINE,
  RUNS_TABLE,
  type TransactionItem,
  writeFenced,
  WRITES_PER_TRANSACTION,
} from "./fence.ts";
import { leaseCalls } from "./lease.ts";
import {
  cursorOf,
  cursorValues,
  OPEN_ID,
  PUBLISHED_ID,
  RUN_PREFIX,
  runOf,
  runValues,
  SOURCE_PREFIX,
  sourceOf,
  sourceValues,
} from "./ledger-items.ts";
import { STARTED_AT_INDEX } from "./tables.ts";

export interface DynamoRunLedgerOptions {
  /** By `dynamoClient`. */
  readonly client: DynamoDBDocumentClient;
  /** Before every table name. */
  readonly prefix: string;
  /** Says when a lease is over. */
  readonly clock: Clock;
  /** Several pipelines may share a table. Default: `topline`. */
  readonly pipeline?: string;
}

/** The run ledger in table `PIPELINE_RUNS`. Every change is a transaction that the fence takes part in. */
export function dynamoRunLedger(options: DynamoRunLedgerOptions): RunLedger {
  const { client, prefix, clock, pipeline = DEFAULT_PIPELINE } = options;
  const TableName = prefix + RUNS_TABLE;
  const fence = { table: TableName, pipeline };
  const attributes = (item: Record<string, unknown>) =>
    new Attributes(item, `${TableName}, item ${String(item["id"])}`);

  const write = (lease: Lease, ...items: TransactionItem[]) =>
    writeFenced(client, clock, fence, lease, items);

  const put = (id: string, values: Record<string, unknown>): TransactionItem => ({
    Put: { TableName, Item: { pipeline, id, ...values } },
  });

  async function get(id: string): Promise<Attributes | undefined> {
    const command = new GetCommand({ TableName, Key: { pipeline, id }, ConsistentRead: true });
    try {
      const { Item } = await client.send(command);
      return Item === undefined ? undefined : attributes(Item);
    } catch (error) {
      throw faultOf(error, { operation: "GetItem", tables: [TableName] });
    }
  }

  async function* query(input: {
    readonly IndexName?: string;
    readonly ScanIndexForward?: boolean;
    readonly idPrefix?: string;
  }): AsyncGenerator<Attributes> {
    const { idPrefix, ...rest } = input;
    const ofPrefix = idPrefix === undefined ? "" : " AND begins_with(id, :prefix)";
    const pages = paginateQuery(
      { client },
      {
        TableName,
        ...rest,
        KeyConditionExpression: `pipeline = :pipeline${ofPrefix}`,
        ExpressionAttributeValues: {
          ":pipeline": pipeline,
          ...(idPrefix === undefined ? {} : { ":prefix": idPrefix }),
        },
        ConsistentRead: true,
      },
    );
    try {
      for await (const { Items = [] } of pages) for (const item of Items) yield attributes(item);
    } catch (error) {
      throw faultOf(error, { operation: "Query", tables: [TableName] });
    }
  }

  return {
    ...leaseCalls({ client, clock, fence }),

    openRun: async () => (await get(OPEN_ID))?.text("run_id"),

    async open(runId, lease) {
      await write(lease, put(OPEN_ID, { run_id: runId }));
    },

    async close(runId, lease) {
      // That another run is open, or none, is no fault: this one is closed.
      await write(lease, {
        Delete: {
          TableName,
          Key: { pipeline, id: OPEN_ID },
          ConditionExpression: "run_id = :run",
          ExpressionAttributeValues: { ":run": runId },
        },
      });
    },

    async cursor() {
      const item = await get(PUBLISHED_ID);
      return item && cursorOf(item);
    },

    async moveCursor(cursor, lease) {
      await write(lease, put(PUBLISHED_ID, cursorValues(cursor)));
    },

    async record(summary, lease) {
      await write(lease, put(RUN_PREFIX + summary.run_id, runValues(summary)));
    },

    async get(runId) {
      const item = await get(RUN_PREFIX + runId);
      return item && runOf(item);
    },

    async *list() {
      const runs = query({ IndexName: STARTED_AT_INDEX, ScanIndexForward: false });
      for await (const item of runs) yield runOf(item);
    },

    async recordSources(records, lease) {
      // Of several records of one source the last stays; a transaction takes an item once.
      const byId = new Map(records.map((record) => [record.sourceId, record]));
      const items = [...byId.values()].map((record) =>
        put(SOURCE_PREFIX + record.sourceId, sourceValues(record)),
      );
      for (let at = 0; at < items.length; at += WRITES_PER_TRANSACTION) {
        await write(lease, ...items.slice(at, at + WRITES_PER_TRANSACTION));
      }
    },

    async source(sourceId) {
      const item = await get(SOURCE_PREFIX + sourceId);
      return item && sourceOf(item);
    },

    async *sources() {
      for await (const item of query({ idPrefix: SOURCE_PREFIX })) yield sourceOf(item);
    },
  };
}
