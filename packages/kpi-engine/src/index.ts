export { type DuckDbEngineOptions, duckdbEngine } from "./duckdb/engine.ts";
export {
  buildPlan,
  type CustomKpi,
  DEFAULT_LIMITS,
  defaultPlan,
  type PlanOptions,
} from "./plan.ts";
export { TABLES } from "./tables.ts";
