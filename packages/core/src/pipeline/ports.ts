import type { StepName } from "../report.ts";
import type { Plan } from "../plan.ts";
import type { Clock } from "../ports/clock.ts";
import type { Engine } from "../ports/engine.ts";
import type { KpiStore } from "../ports/kpi-store.ts";
import type { Logger } from "../ports/logger.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { RunLedger } from "../ports/run-ledger.ts";
import type { TransformJob } from "../ports/transform-job.ts";
import type { Validator } from "../ports/validator.ts";
import type { MaintainedZone } from "../ports/zone.ts";

/** The same with every line of the log saying whose it is. */
export function loggingAs(
  context: PipelineContext,
  step: StepName | "abandon",
  runId: string,
): PipelineContext {
  return { ...context, logger: context.logger.child({ run_id: runId, step }) };
}

/** What transforms, as reports call it before a step's part has said so. */
export const engineName = ({
  engine,
  transformJob,
}: Pick<PipelineContext, "engine" | "transformJob">): string => transformJob?.name ?? engine.name;

/** What the steps work on, and how: everything that a deployment chooses. */
export interface PipelineContext {
  readonly store: ObjectStore;
  readonly zone: MaintainedZone;
  readonly kpis: KpiStore;
  readonly ledger: RunLedger;
  /** In this process: what transforms and publishes, and what looks into the zone. */
  readonly engine: Engine;
  /** Does the step transform, instead of the engine. All else stays the engine's. */
  readonly transformJob?: TransformJob;
  readonly validator: Validator;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Today's plan: new runs freeze it. */
  readonly plan: Plan;
  /** Before table names in reports. */
  readonly tablePrefix: string;
  /** Says to others who works: machine, process, command. */
  readonly holder: string;
  readonly leaseSeconds: number;
  /** Wait for a lease that another holds; otherwise fail with `LEASE_HELD`. */
  readonly waitForLease: boolean;
  /** The caller gives up: the step ends orderly with `CANCELLED`. */
  readonly signal?: AbortSignal;
}
