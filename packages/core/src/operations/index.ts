export type { OperationOptions } from "./operation.ts";
export { rebuild, type RebuildDates, type RebuildOptions } from "./rebuild.ts";
export {
  type OperationName,
  type OperationReport,
  type RetractReport,
  type SourceNamed,
  type ZoneChange,
} from "./report.ts";
export { retract, type RetractOptions } from "./retract.ts";
