import type { KpiRow, KpiStore, RunLedger, TableSpec } from "@topline/core";
import { test } from "vitest";
import { CONTRACT_TABLES } from "./tables.ts";

/** Empty tables, for one test, and the ledger whose fence guards them. */
export interface OpenKpiStore extends AsyncDisposable {
  readonly store: KpiStore;
  readonly ledger: RunLedger;
}

export interface KpiStoreBackend {
  /** `tables` are those that the tests use. */
  open(tables: readonly TableSpec[]): Promise<OpenKpiStore>;
  /** The most changed items that a list may have; left out: any number. */
  readonly listLimit?: number;
}

export const storeTestOver = (backend: KpiStoreBackend) =>
  test
    .extend("backend", backend)
    .extend("open", async ({ backend }, { onCleanup }) => {
      const open = await backend.open(CONTRACT_TABLES);
      onCleanup(() => open[Symbol.asyncDispose]());
      return open;
    })
    .extend("store", ({ open }) => open.store)
    .extend("ledger", ({ open }) => open.ledger);

/** vitest's `test`, with empty tables in its context. */
export type KpiStoreTest = ReturnType<typeof storeTestOver>;

export const DATE = "2024-06-25";
export const OTHER_DATE = "2024-06-26";

export async function publish(
  { store, ledger }: OpenKpiStore,
  table: TableSpec,
  rows: readonly KpiRow[],
  date = DATE,
) {
  const lease = await ledger.acquire("suite", 60);
  try {
    return await store.publish(table, date, rows, lease);
  } finally {
    await ledger.release(lease);
  }
}

/** Absent or null is the same to a reader. */
export async function read({ store }: OpenKpiStore, table: TableSpec, date = DATE) {
  const rows = await store.read(table, date);
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)),
  );
}
