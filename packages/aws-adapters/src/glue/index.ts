/** Glue, by the SDK's v3 client: a job that does the step transform, and its definition. */
export { glueClient } from "./client.ts";
export { findJobRun, type FoundJobRun } from "./job-runs.ts";
export { ensureGlueJob, type GlueJobDefinition, glueJobExists } from "./job-definition.ts";
export {
  glueTransformJob,
  type GlueTransformJobOptions,
  type JobRunProgress,
} from "./transform-job.ts";
