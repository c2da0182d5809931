export { erase, type EraseOptions } from "./erase.ts";
export { DEFAULT_RETENTION_DAYS, maintain, type MaintainOptions } from "./maintain.ts";
export type { OperationOptions } from "./operation.ts";
export { rebuild, type RebuildDates, type RebuildOptions } from "./rebuild.ts";
export { replay, type ReplayOptions, type ReplayedSources } from "./replay.ts";
export {
  type Checkpointed,
  type EraseReport,
  type ErasedObject,
  type Leftover,
  type MaintainReport,
  type OperationName,
  type OperationReport,
  type Remains,
  type ReplayReport,
  type RetractReport,
  type SourceNamed,
  type SourceReplay,
  type Vacuumed,
  type ZoneChange,
} from "./report.ts";
export { retract, type RetractOptions } from "./retract.ts";
