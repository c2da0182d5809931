import { ToplineError } from "../errors.ts";
import { assertRunId } from "../layout.ts";
import { type HeldLease, withLease } from "../pipeline/lease.ts";
import type { PipelineContext } from "../pipeline/ports.ts";
import type { Published } from "../pipeline/publish.ts";
import type { EngineSession } from "../ports/engine.ts";
import type { OperationName, OperationReport, ZoneChange } from "./report.ts";

/** An operation under way: it has the lease, no run is open, and a session of the engine is. */
export interface Operation {
  readonly context: PipelineContext;
  readonly name: OperationName;
  readonly id: string;
  readonly held: HeldLease;
  readonly session: EngineSession;
  /** Whoever loses the lease changes nothing more; of one name no data file was ever written. */
  readonly stem: string;
}

export interface OperationOptions {
  /** Names the operation in its commits and data files; as a run's id, and as unique. */
  readonly operationId: string;
}

/** What an operation says of itself beyond its name, id and times. */
export type Outcome = Pick<OperationReport, "changes" | "dates" | "tables" | "zone" | "warnings">;

/**
 * Works under the lease while no run is open. An operation keeps nothing of itself: what it has done is in the zone
 * and in the cursor, so that one that was cut off anywhere is simply done again.
 *
 * @throws {ToplineError} `RUN_OPEN`; `RUN_ID_INVALID`
 */
export async function operate<R extends Outcome>(
  ports: PipelineContext,
  name: OperationName,
  { operationId: id }: OperationOptions,
  work: (operation: Operation) => Promise<R>,
): Promise<OperationReport & R> {
  assertRunId(id);
  const context = { ...ports, logger: ports.logger.child({ operation: name, operation_id: id }) };
  const { clock, engine, plan, ledger } = context;
  return withLease(context, async (held) => {
    const started = clock.now();
    refuseOpen(name, await ledger.openRun());
    await using session = await engine.open(plan, { signal: held.signal });
    const stem = `${id}-${held.lease.token}`;
    const outcome = await work({ context, name, id, held, session, stem });
    return {
      operation: name,
      operation_id: id,
      started_at: started.toISOString(),
      finished_at: clock.now().toISOString(),
      engine: engine.name,
      plan_hash: plan.hash,
      ...outcome,
    };
  });
}

export const outcomeOf = (
  published: Published,
  changes: readonly ZoneChange[] = [],
  warnings: readonly string[] = [],
): Outcome => ({ changes, ...published, warnings });

function refuseOpen(name: OperationName, open: string | undefined): void {
  if (open === undefined) return;
  throw new ToplineError(
    "RUN_OPEN",
    `Run ${open} is open, and ${name} begins only when none is: its files are partly taken in. \`topline run\` finishes it, \`topline abandon ${open}\` gives it up; then try again. Nothing was changed.`,
  );
}
