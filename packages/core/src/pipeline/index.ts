export { abandon } from "./abandon.ts";
export { archive } from "./archive.ts";
export { detect } from "./detect.ts";
export { type RunOptions, run } from "./pipeline.ts";
export type { PipelineContext } from "./ports.ts";
export type { OpenRunPreview, PlannedAction } from "./open-run.ts";
export {
  type InboxFile,
  preview,
  type PreviewOptions,
  type RunPreview,
  type TablePreview,
} from "./preview.ts";
export { assembleReport } from "./report.ts";
export type { ArchiveResult, DetectResult, TransformResult, ValidateResult } from "./step-part.ts";
export type { StaleDate, StaleReason } from "./stale.ts";
export { transform } from "./transform.ts";
export { validate, type ValidateOptions } from "./validate.ts";
export { watch, type WatchOptions, type WatchState } from "./watch.ts";
