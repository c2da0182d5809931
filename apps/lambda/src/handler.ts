import { MetricUnit } from "@aws-lambda-powertools/metrics";
import { assertRunId, type Logger, ToplineError } from "@topline/core";
import { type Environment, openEnvironment } from "./environment.ts";
import { functionError, ToplineRetryable } from "./errors.ts";
import { loggerOver, openNarration } from "./logging.ts";
import type { Step, OfRun } from "./step.ts";

/** What of Lambda's context a handler reads. */
export interface Invocation {
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** Throws `ToplineRetryable` when the same call may succeed later, `ToplineFault` when it will not. */
export type StepHandler<Output> = (event: unknown, invocation: Invocation) => Promise<Output>;

/**
 * A step as a function. Clients and ports are made at the first invocation and reused; signal, holder and the log's
 * keys are each invocation's own.
 */
export function handlerOf<Input extends OfRun, Output extends OfRun>(
  step: Step<Input, Output>,
  open: (logger: Logger) => Promise<Environment> = openEnvironment,
): StepHandler<Output> {
  const { log, metrics } = openNarration();
  const logger = loggerOver(log);
  const environment = once(() => open(logger));

  return async (event, invocation) => {
    const started = performance.now();
    log.addContext({ ...invocation, coldStart: false });
    const keys = { ...runIdOf(event), step: step.name };
    log.appendKeys(keys);
    log.logEventIfEnabled(event);
    metrics.addDimension("step", step.name);
    if (keys.run_id !== undefined) metrics.addMetadata("run_id", keys.run_id);
    try {
      using limit = limitOf(invocation, logger);
      const input = inputOf(step, event);
      const { ports, leaseSeconds } = await environment();
      const { output, figures } = await step.perform(
        {
          ...ports,
          logger,
          leaseSeconds,
          holder: `lambda ${invocation.functionName} (request ${invocation.awsRequestId})`,
          waitForLease: false,
          signal: limit.signal,
        },
        input,
      );
      for (const { name, unit, value } of figures) metrics.addMetric(name, unit, value);
      logger.info(`${step.name} is done`, { outcome: output });
      return output;
    } catch (error) {
      const failure = functionError(error);
      logger.error(failure.message, { error });
      const isRetryable = failure instanceof ToplineRetryable;
      metrics.addMetric(isRetryable ? "retryable_faults" : "faults", MetricUnit.Count, 1);
      throw failure;
    } finally {
      metrics.addMetric("duration", MetricUnit.Milliseconds, performance.now() - started);
      metrics.publishStoredMetrics();
      log.resetKeys();
    }
  };
}

/** What failed is tried again by the next who asks. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/** Of whatever was sent, for the log. */
function runIdOf(event: unknown): { readonly run_id?: string } {
  const { run_id: id } = (event ?? {}) as { readonly run_id?: unknown };
  return typeof id === "string" ? { run_id: id.slice(0, 128) } : {};
}

/** @throws {ToplineError} `USAGE`, naming every field that is not as it must be; `RUN_ID_INVALID` */
function inputOf<Input extends OfRun>(
  { name, input }: Pick<Step<Input, OfRun>, "name" | "input">,
  event: unknown,
): Input {
  const parsed = input.safeParse(event);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(
      (issue) => `${issue.path.join(".") || "the input"}: ${issue.message}`,
    );
    throw new ToplineError("USAGE", `${name} was not given what it needs: ${issues.join("; ")}.`, {
      cause: parsed.error,
    });
  }
  assertRunId(parsed.data.run_id);
  return parsed.data;
}

/** Before Lambda's own timeout: time to end orderly, and to give the lease back. */
const MARGIN_MS = 3_000;

/** Aborts in good time before Lambda ends the function. */
function limitOf(
  invocation: Pick<Invocation, "getRemainingTimeInMillis">,
  logger: Logger,
): { readonly signal: AbortSignal } & Disposable {
  const left = invocation.getRemainingTimeInMillis();
  const over = new AbortController();
  const end = () => {
    logger.warn("The function's time is nearly up: the step is ended, to be run again");
    over.abort();
  };
  const timer = setTimeout(end, left - Math.min(MARGIN_MS, left / 10));
  return { signal: over.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}
