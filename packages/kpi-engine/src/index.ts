export {
  type ComputedKpis,
  computeKpis,
  type ComputeOptions,
  type CsvFiles,
  type FileVerdict,
} from "./compute-kpis.ts";
export { BRIDGE_MACROS } from "./duckdb/bridge.ts";
export { duckdbCheckpoints, type DuckDbCheckpointsOptions } from "./duckdb/checkpoints.ts";
export { type DuckDbEngineOptions, duckdbEngine } from "./duckdb/engine.ts";
export {
  buildPlan,
  type CustomKpi,
  DEFAULT_LIMITS,
  defaultPlan,
  type PlanOptions,
} from "./plan.ts";
export { TABLES } from "./tables.ts";
