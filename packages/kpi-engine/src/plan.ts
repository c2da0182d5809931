import { createHash } from "node:crypto";
import {
  DATASETS,
  type Dataset,
  type Plan,
  type PlanLimits,
  planSchema,
  type TableSpec,
  ToplineError,
} from "@topline/core";
import { compileDataset, type Contract, CONTRACTS } from "@topline/validators";
import { audits, figures, lineage, type Relation, relations } from "./relations.ts";
import { TABLES } from "./tables.ts";

/** A KPI of one's own: a table, and the text of the relation whose rows it holds. */
export interface CustomKpi {
  /** Portable SQL; reads the plan's relations and the input relations by name. */
  readonly sql: string;
  /** `table.relation` names the relation. */
  readonly table: TableSpec;
}

export interface PlanOptions {
  /** In place of Topline's own. */
  readonly contracts?: Partial<Readonly<Record<Dataset, Contract>>>;
  /** Relations that are not published and that custom KPIs build on; each may read those before it. */
  readonly relations?: readonly Relation[];
  readonly kpis?: readonly CustomKpi[];
  readonly limits?: Partial<PlanLimits>;
}

export const DEFAULT_LIMITS: PlanLimits = {
  /** 10 GiB. */
  maxSourceBytes: 10 * 1024 ** 3,
  maxQuarantineRatio: 0.5,
};

/** What the relations of a plan may read besides each other. */
export const INPUT_RELATIONS = ["streams_rows", "songs_rows", "users_rows"] as const;

/**
 * The plan that engines execute. The same options give the same plan and hash, on any machine.
 * @throws {ToplineError} `CONFIG_INVALID` when a custom KPI takes a name that is taken
 */
export function buildPlan(options: PlanOptions = {}): Plan {
  const kpis = options.kpis ?? [];
  const ordered = [
    ...relations(),
    ...(options.relations ?? []),
    ...kpis.map(({ sql, table }) => ({ name: table.relation, sql })),
  ].map(({ name, sql }) => ({ name, sql: sql.trim() }));
  const tables = [...TABLES, ...kpis.map(({ table }) => table)];
  const checks = audits();
  const perDate = figures();
  assertDistinct("relation", [
    ...INPUT_RELATIONS,
    ...[...ordered, ...checks, perDate].map(({ name }) => name),
  ]);
  assertDistinct(
    "table",
    tables.map(({ name }) => name),
  );

  const datasets = Object.fromEntries(
    DATASETS.map((name) => {
      const contract = options.contracts?.[name] ?? CONTRACTS[name];
      return [name, { columns: contract.columns, ...compileDataset(contract) }];
    }),
  ) as Plan["datasets"];
  const content = {
    format: 2 as const,
    recordsHash: sha256(datasets),
    datasets,
    relations: ordered,
    audits: checks,
    figures: perDate,
    tables,
    reads: referencesRead(ordered, tables),
  };
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const parsed = planSchema.safeParse({ ...content, hash: sha256(content), limits });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ToplineError(
    "CONFIG_INVALID",
    `The plan is not valid at ${issue?.path.join(".") ?? "its root"}: ${issue?.message ?? "unknown"}.`,
  );
}

/** Topline's own contracts and KPIs, within the default limits. */
export const defaultPlan = (): Plan => buildPlan();

function referencesRead(ordered: readonly Relation[], tables: readonly TableSpec[]) {
  const read = lineage(ordered, INPUT_RELATIONS);
  return (["songs", "users"] as const).filter((view) =>
    tables.some(({ relation }) => relation === view || (read.get(relation)?.has(view) ?? false)),
  );
}

function assertDistinct(what: string, names: readonly string[]): void {
  const taken = names.find((name, i) => names.indexOf(name) !== i);
  if (taken === undefined) return;
  throw new ToplineError(
    "CONFIG_INVALID",
    `Two of the plan's ${what}s are named ${taken}; give the custom KPI's ${what} another name.`,
  );
}

const sha256 = (value: unknown) =>
  createHash("sha256")
    .update(JSON.stringify(sorted(value)))
    .digest("hex");

/** The same value with the keys of every object in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
