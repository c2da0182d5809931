import { ToplineError } from "../errors.ts";
import { compareRows, type KpiRow } from "../kpis.ts";
import { toJson } from "../json.ts";
import type { KpiStore } from "../ports/kpi-store.ts";
import type { RunLedger } from "../ports/run-ledger.ts";

/** KPI tables in memory, fenced by `ledger`. */
export function memoryKpiStore({
  ledger,
}: {
  readonly ledger: Pick<RunLedger, "verify">;
}): KpiStore {
  const tables = new Map<string, Map<string, Map<string, KpiRow>>>();

  const items = (table: string, date: string): Map<string, KpiRow> => {
    const dates = tables.get(table) ?? new Map<string, Map<string, KpiRow>>();
    tables.set(table, dates);
    const found = dates.get(date) ?? new Map<string, KpiRow>();
    dates.set(date, found);
    return found;
  };

  return {
    async read(table, date) {
      return [...items(table.name, date).values()].sort(compareRows(table));
    },
    async *scan(table) {
      for (const date of tables.get(table.name)?.values() ?? []) yield* date.values();
    },
    async *dates(table) {
      for (const [date, rows] of tables.get(table.name) ?? []) if (rows.size > 0) yield date;
    },
    async publish(table, date, rows, lease) {
      const wanted = new Map<string, KpiRow>();
      for (const row of rows) {
        const key = toJson(row[table.sortKey]);
        if (wanted.has(key)) {
          throw new ToplineError("DUPLICATE_KEY", `${table.name} has two rows ${date}, ${key}.`);
        }
        wanted.set(key, withoutNulls(row));
      }
      const present = items(table.name, date);
      const put = [...wanted].filter(
        ([key, row]) => toJson(sorted(row)) !== toJson(sorted(present.get(key) ?? {})),
      );
      const deleted = [...present.keys()].filter((key) => !wanted.has(key));
      if (put.length + deleted.length > 0) await ledger.verify(lease);
      for (const [key, row] of put) present.set(key, row);
      for (const key of deleted) present.delete(key);
      return {
        put: put.length,
        deleted: deleted.length,
        unchanged: wanted.size - put.length,
      };
    },
  };
}

const withoutNulls = (row: KpiRow): KpiRow =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));

const sorted = (row: KpiRow): KpiRow =>
  Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
