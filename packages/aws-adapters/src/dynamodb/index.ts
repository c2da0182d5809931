/** DynamoDB, by the SDK's document client: the KPI store, the run ledger, their tables, and a client that fits. */
export { dynamoClient } from "./client.ts";
export { deleteTables } from "./delete-tables.ts";
export { dynamoKpiStore, type DynamoKpiStoreOptions } from "./kpi-store.ts";
export { dynamoRunLedger, type DynamoRunLedgerOptions } from "./run-ledger.ts";
export { createTables, missingTables, tableNames, type TablesOptions } from "./tables.ts";
