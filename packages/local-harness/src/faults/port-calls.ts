import type { KpiStore, ObjectStore, RunLedger, Zone } from "@topline/core";

/** The ports through which a run reaches the world outside its process. */
export interface OuterPorts {
  readonly store: ObjectStore;
  readonly zone: Zone;
  readonly kpis: KpiStore;
  readonly ledger: RunLedger;
}

export type PortName = keyof OuterPorts;

/** How each call of a port tells what it is about. Complete by its type: a new method must be named here. */
type Resources<Port> = {
  readonly [M in keyof Port]: Port[M] extends (...args: infer Args) => unknown
    ? (...args: Args) => string
    : never;
};

const LEASE = "lease";
const OPEN_RUN = "open run";
const CURSOR = "cursor";

const RESOURCES: { readonly [P in PortName]: Resources<OuterPorts[P]> } = {
  store: {
    list: (prefix) => prefix,
    head: (key) => key,
    get: (key) => key,
    put: (key) => key,
    copy: (from, to) => `${from} -> ${to}`,
    delete: (key) => key,
  },
  zone: {
    snapshot: (table, version) => (version === undefined ? table : `${table}@${version}`),
    commits: (table, from, to) => `${table}@${from}..${to}`,
    commit: (table) => table,
  },
  kpis: {
    read: (table, date) => `${table.name} ${date}`,
    scan: (table) => table.name,
    dates: (table) => table.name,
    publish: (table, date) => `${table.name} ${date}`,
  },
  ledger: {
    acquire: () => LEASE,
    renew: () => LEASE,
    release: () => LEASE,
    holder: () => LEASE,
    verify: () => LEASE,
    openRun: () => OPEN_RUN,
    open: (runId) => runId,
    close: (runId) => runId,
    cursor: () => CURSOR,
    moveCursor: () => CURSOR,
    record: (summary) => summary.run_id,
    get: (runId) => runId,
    list: () => "runs",
    recordSources: (sources) => sources.map(({ key }) => key).join(", "),
    source: (sourceId) => sourceId,
    sources: () => "sources",
  },
};

export const PORT_NAMES = Object.keys(RESOURCES) as readonly PortName[];

/** The methods of a port that are calls. */
export const actionsOf = (port: PortName): readonly string[] => Object.keys(RESOURCES[port]);

export function resourceOf(port: PortName, action: string, args: readonly unknown[]): string {
  const resources = RESOURCES[port] as unknown as Record<string, (...args: unknown[]) => string>;
  return resources[action]?.(...args) ?? "";
}
