import type { PipelineContext } from "@topline/core";

/** Those of a pipeline that are the deployment's, whoever runs it. */
export type PipelinePorts = Pick<
  PipelineContext,
  "store" | "zone" | "kpis" | "ledger" | "engine" | "validator" | "clock" | "plan" | "tablePrefix"
>;
