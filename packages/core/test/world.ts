import {
  type Clock,
  type DateFigures,
  type Head,
  type KpiRow,
  type KpiStore,
  type MaintainedZone,
  type ObjectStore,
  type PipelineContext,
  type Plan,
  type RunLedger,
  silentLogger,
  type TableSpec,
  type Validator,
} from "@topline/core";
import {
  memoryKpiStore,
  memoryObjectStore,
  memoryRunLedger,
  memoryZone,
  type VirtualClock,
  virtualClock,
} from "@topline/core/memory";
import { smallEngine, writeText } from "./small-engine.ts";

export const PLAYS: TableSpec = {
  name: "PLAYS",
  relation: "plays",
  columns: [
    { name: "date", type: "string" },
    { name: "genre", type: "string" },
    { name: "listen_count", type: "integer" },
  ],
  sortKey: "genre",
  list: ["genre"],
  indexes: [],
  orderBy: ["genre"],
};

/** A plan for the small engine. `version` makes its hash. */
export function smallPlan(version: number, options: { readonly broken?: boolean } = {}): Plan {
  const dataset = { columns: [], relations: [], sql: "-" };
  return {
    format: 2,
    hash: version.toString(16).padStart(64, "0"),
    recordsHash: "0".repeat(64),
    datasets: { songs: dataset, users: dataset, streams: dataset },
    relations: [],
    audits: options.broken === true ? [{ name: "always", sql: "FAIL" }] : [],
    figures: { name: "figures", sql: "-" },
    tables: [PLAYS],
    reads: ["songs"],
    limits: { maxSourceBytes: 1e9, maxQuarantineRatio: 0.5 },
  };
}

/** Everything that outlives a process: what a run finds, and what the next one finds after it. */
export interface World {
  readonly store: ObjectStore;
  readonly zone: MaintainedZone;
  readonly kpis: KpiStore;
  readonly ledger: RunLedger;
  readonly clock: VirtualClock;
}

export function newWorld(): World {
  const clock = virtualClock();
  const ledger = memoryRunLedger({ clock });
  return {
    clock,
    ledger,
    store: memoryObjectStore({ clock }),
    zone: memoryZone(),
    kpis: memoryKpiStore({ ledger }),
  };
}

/** Accepts a file whose first line names as many columns as its dataset has here. */
const validator: Validator = {
  async checkHead(dataset, body) {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of body) text += decoder.decode(chunk);
    const record = text.split("\n")[0] ?? "";
    const columns = record.split(",");
    const expected = { songs: 2, users: 1, streams: 3 }[dataset];
    if (record === "") return { ok: false, code: "EMPTY_FILE", message: "It has no line." };
    if (columns.length < expected) {
      return { ok: false, code: "MISSING_COLUMN", message: `${columns.length} columns.` };
    }
    const head: Head = { record, width: columns.length, positions: {}, extraColumns: [] };
    return { ok: true, head };
  },
};

export function contextOf(
  world: Omit<World, "clock"> & { readonly clock: Clock },
  options: Partial<PipelineContext> = {},
): PipelineContext {
  return {
    ...world,
    engine: smallEngine(world.store),
    validator,
    logger: silentLogger,
    plan: smallPlan(1),
    tablePrefix: "",
    holder: "test",
    leaseSeconds: 30,
    waitForLease: false,
    ...options,
  };
}

export const SONGS = "track_id,genre\nt1,pop\nt2,rock\n";
export const USERS = "user_id\nu1\nu2\n";
export const STREAMS =
  "user_id,track_id,listen_time\nu1,t1,2024-06-25 10:00:00\nu2,t1,2024-06-25 11:00:00\nu1,t2,2024-06-26 09:00:00\n";

export async function drop(
  world: Pick<World, "store">,
  files: Record<string, string>,
): Promise<void> {
  for (const [name, text] of Object.entries(files))
    await writeText(world.store, `raw-data/${name}`, text);
}

export async function keys(world: Pick<World, "store">, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of world.store.list(prefix)) found.push(key);
  return found;
}

export async function plays(world: Pick<World, "kpis">): Promise<string[]> {
  const rows: KpiRow[] = [];
  for await (const row of world.kpis.scan(PLAYS)) rows.push(row);
  return rows.map((row) => `${row["date"]} ${row["genre"]} ${row["listen_count"]}`).sort();
}

export const dateOf = (figures: DateFigures) => figures.date;
