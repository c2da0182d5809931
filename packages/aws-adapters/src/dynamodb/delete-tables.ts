import { DeleteTableCommand, waitUntilTableNotExists } from "@aws-sdk/client-dynamodb";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { mapConcurrently } from "@topline/core";
import { faultOf } from "./faults.ts";
import { RUNS_TABLE } from "./fence.ts";
import type { TablesOptions } from "./tables.ts";

const PARALLEL = 4;
const PATIENCE_SECONDS = 120;

/** Deletes the tables with everything in them, and waits until they are gone: for demos and tests. */
export async function deleteTables(
  client: DynamoDBDocumentClient,
  { prefix, tables }: Pick<TablesOptions, "prefix" | "tables">,
): Promise<void> {
  const names = [...tables.map(({ name }) => prefix + name), prefix + RUNS_TABLE];
  await mapConcurrently(names, PARALLEL, async (TableName) => {
    try {
      await client.send(new DeleteTableCommand({ TableName }));
    } catch (error) {
      if (error instanceof Error && error.name === "ResourceNotFoundException") return;
      throw faultOf(error, { operation: "DeleteTable", tables: [TableName] });
    }
    const patience = { client, maxWaitTime: PATIENCE_SECONDS, minDelay: 1 };
    await waitUntilTableNotExists(patience, { TableName });
  });
}
