import { randomUUID } from "node:crypto";
import {
  type DynamoDBDocumentClient,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from "@aws-sdk/lib-dynamodb";
import type { Lease } from "@topline/core";
import { retryingConflicts, type Sleeper } from "./conflicts.ts";
import { cancellationReasons, faultOf, leaseLost } from "./faults.ts";

/** Where the fencing token of a pipeline is kept. */
export interface Fence {
  readonly table: string;
  readonly pipeline: string;
}

export const FENCE_ID = "#fence";
export const DEFAULT_PIPELINE = "topline";
export const RUNS_TABLE = "PIPELINE_RUNS";

export type TransactionItem = NonNullable<TransactWriteCommandInput["TransactItems"]>[number];

/** DynamoDB takes 100 actions in a transaction; one is the fence's. */
export const WRITES_PER_TRANSACTION = 99;

/**
 * Writes all or nothing, and only while `lease` is the newest.
 *
 * @returns false when a condition of the writes' own did not hold
 * @throws {ToplineError} `LEASE_LOST`; `STORE_UNAVAILABLE`; `STORE_REFUSED`
 */
export async function writeFenced(
  client: DynamoDBDocumentClient,
  clock: Sleeper,
  fence: Fence,
  lease: Lease,
  writes: readonly TransactionItem[],
): Promise<boolean> {
  const items = [fenceCheck(fence, lease), ...writes];
  try {
    await retryingConflicts(clock, () =>
      // The token makes the SDK's repetition after a lost answer the same transaction.
      client.send(
        new TransactWriteCommand({ TransactItems: items, ClientRequestToken: randomUUID() }),
      ),
    );
    return true;
  } catch (error) {
    const [fenceReason, ...reasons] = cancellationReasons(error) ?? [];
    if (fenceReason === "ConditionalCheckFailed") throw leaseLost(lease, error);
    if (reasons.includes("ConditionalCheckFailed")) return false;
    throw faultOf(error, { operation: "TransactWriteItems", tables: tablesOf(items) });
  }
}

const fenceCheck = ({ table, pipeline }: Fence, { token }: Lease): TransactionItem => ({
  ConditionCheck: {
    TableName: table,
    Key: { pipeline, id: FENCE_ID },
    ConditionExpression: "#token = :token",
    ExpressionAttributeNames: { "#token": "token" },
    ExpressionAttributeValues: { ":token": token },
  },
});

function tablesOf(items: readonly TransactionItem[]): string[] {
  const names = items.map(
    ({ ConditionCheck, Put, Delete, Update }) =>
      (ConditionCheck ?? Put ?? Delete ?? Update)?.TableName ?? "",
  );
  return [...new Set(names)];
}
