import type {
  Clock,
  CommitRequest,
  DataFile,
  Dataset,
  KpiRow,
  KpiStore,
  KpiValue,
  Lease,
  RunLedger,
  TableSpec,
  Zone,
  ZoneActions,
  ZoneCommit,
  ZoneSnapshot,
} from "../../../../packages/core/src/index.ts";
import type { PythonProcess } from "./python-process.ts";

/** Ports of the core whose calls the job's Python answers; what Python does not have, TypeScript does. */

type ToldFile = Omit<DataFile, "modificationTime" | "records"> & {
  readonly modification_time: number;
  readonly records: number;
};

interface ToldCommit {
  readonly version: number;
  readonly info: { readonly run_id: string; readonly plan_hash: string } | null;
  readonly added: readonly ToldFile[];
  readonly removed: readonly ToldFile[];
  readonly data_change: boolean;
}

interface ToldSnapshot {
  readonly table: Dataset;
  readonly version: number;
  readonly files: readonly ToldFile[];
  readonly fence: number;
}

interface ToldLease {
  readonly token: string;
  readonly holder: string;
  readonly expires_at: number;
}

/** `view` tells apart those that share nothing in memory. */
export function pythonZone(python: PythonProcess, bucket: string, view: number): Zone {
  const where = { bucket, view };
  return {
    async snapshot(table, version) {
      const asked = { ...where, table, version: version ?? null };
      return toSnapshot(await python.call<ToldSnapshot>("snapshot", asked));
    },
    async commits(table, begin, end) {
      const asked = { ...where, table, begin, end };
      return (await python.call<ToldCommit[]>("commits", asked)).map(toCommit);
    },
    commit(table, { info, fence, since, decide }: CommitRequest) {
      const { runId: run_id, planHash: plan_hash, ...rest } = info;
      const request = { info: { run_id, plan_hash, ...rest }, fence: String(fence), since };
      return python.call("commit", { ...where, table, ...request }, async (question) => {
        const { latest, commits } = question as { latest: ToldSnapshot; commits: ToldCommit[] };
        return tellActions(await decide(toSnapshot(latest), commits.map(toCommit)));
      });
    },
  };
}

export function pythonLedger(
  python: PythonProcess,
  prefix: string,
  clock: Pick<Clock, "now">,
  ledger: RunLedger,
): RunLedger {
  const at = () => ({ prefix, now: clock.now().getTime() });
  return {
    ...ledger,
    async acquire(holder, seconds) {
      return toLease(await python.call("acquire", { ...at(), holder, seconds }));
    },
    async renew(lease, seconds) {
      return toLease(await python.call("renew", { ...at(), lease: tellLease(lease), seconds }));
    },
    release: (lease) => python.call("release", { ...at(), lease: tellLease(lease) }),
    verify: (lease) => python.call("verify", { ...at(), lease: tellLease(lease) }),
    openRun: () => python.call("open_run", at()),
    moveCursor: ({ zone, planHash: plan_hash }, lease) =>
      python.call("move_cursor", { ...at(), lease: tellLease(lease), zone, plan_hash }),
    record(summary, lease) {
      const values = Object.entries(summary).map(([name, value]): [string, unknown] => [
        name,
        typeof value === "number" ? tellValue(BigInt(value)) : tellValue(value as KpiValue),
      ]);
      const told = { lease: tellLease(lease), summary: Object.fromEntries(values) };
      return python.call("record", { ...at(), ...told });
    },
  };
}

export function pythonKpiStore(python: PythonProcess, prefix: string, store: KpiStore): KpiStore {
  return {
    ...store,
    async *dates(table: TableSpec) {
      yield* await python.call<string[]>("dates", { prefix, table });
    },
    publish: (table, date, rows, lease) =>
      python.call("publish", {
        prefix,
        table,
        date,
        rows: rows.map(tellRow),
        lease: tellLease(lease),
      }),
  };
}

const tellRow = (row: KpiRow) =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, tellValue(value)]));

function tellValue(value: KpiValue) {
  if (typeof value === "bigint") return { integer: String(value) };
  if (typeof value === "number") return { double: Object.is(value, -0) ? "-0" : String(value) };
  return value;
}

const tellLease = ({ token, holder, expiresAt }: Lease): ToldLease => ({
  token: String(token),
  holder,
  expires_at: expiresAt.getTime(),
});

const toLease = ({ token, holder, expires_at }: ToldLease): Lease => ({
  token: BigInt(token),
  holder,
  expiresAt: new Date(expires_at),
});

const toFile = ({ modification_time, records, ...file }: ToldFile): DataFile => ({
  ...file,
  modificationTime: modification_time,
  records: BigInt(records),
});

const tellFile = ({ modificationTime, records, ...file }: DataFile): ToldFile => ({
  ...file,
  modification_time: modificationTime,
  records: Number(records),
});

const tellActions = (actions: ZoneActions | undefined) =>
  actions && {
    add: actions.add.map(tellFile),
    remove: actions.remove.map(tellFile),
    data_change: actions.dataChange,
  };

const toSnapshot = ({ files, fence, ...rest }: ToldSnapshot): ZoneSnapshot => ({
  ...rest,
  files: files.map(toFile),
  fence: BigInt(fence),
});

function toCommit({ info, added, removed, data_change, version }: ToldCommit): ZoneCommit {
  const told = info as (ToldCommit["info"] & Omit<CommitRequest["info"], "runId">) | null;
  const { run_id: runId = "", plan_hash: planHash = "", ...rest } = told ?? {};
  return {
    version,
    info: told === null ? undefined : ({ ...rest, runId, planHash } as ZoneCommit["info"]),
    added: added.map(toFile),
    removed: removed.map(toFile),
    dataChange: data_change,
  };
}
