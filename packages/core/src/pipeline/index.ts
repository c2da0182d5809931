export { abandon } from "./abandon.ts";
export { archive } from "./archive.ts";
export { detect } from "./detect.ts";
export { type RunOptions, run } from "./pipeline.ts";
export type { PipelineContext } from "./ports.ts";
export { assembleReport } from "./report.ts";
export type { ArchiveResult, DetectResult, TransformResult, ValidateResult } from "./step-part.ts";
export { transform } from "./transform.ts";
export { validate, type ValidateOptions } from "./validate.ts";
