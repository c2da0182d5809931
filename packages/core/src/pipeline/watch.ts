import { createHash } from "node:crypto";
import type { Dataset } from "../datasets.ts";
import { type Fault, toFault } from "../errors.ts";
import type { RunReport } from "../report.ts";
import { type Backoff, backoff, type BackoffOptions, spread } from "./backoff.ts";
import { type Arrival, missingDatasets, readInbox } from "./inbox.ts";
import { run, type RunOptions } from "./pipeline.ts";
import type { PipelineContext } from "./ports.ts";

/** The backoff is for faults that may pass. */
export interface WatchOptions extends Pick<RunOptions, "onStep">, BackoffOptions {
  /** Milliseconds between two looks at the inbox, on average. */
  readonly intervalMs: number;
  readonly newRunId: () => string;
  /** Told of every run, once it has ended. */
  readonly onReport: (report: RunReport) => void | Promise<void>;
  /** Told what is waited for, whenever that changes and after every run. */
  readonly onState?: (state: WatchState) => void;
}

/** What a watch waits for. */
export type WatchState =
  /** Files. Those that are ignored lie in the inbox and are no dataset's. */
  | { readonly status: "idle"; readonly ignored: readonly string[] }
  | { readonly status: "waiting"; readonly waiting_for: readonly Dataset[] }
  /** A change in the inbox or of the open run; where a retry may help, also the time for it. */
  | { readonly status: "failed"; readonly error: Fault; readonly retry_at: Date | null }
  /** An answer to its looks. */
  | { readonly status: "unreachable"; readonly error: Fault; readonly retry_at: Date };

/** Over what was seen nothing is to be done: until it changes, or it is time to try again. */
interface Settled {
  readonly fingerprint: string;
  readonly state: WatchState;
}

/**
 * A run at the start, and then whenever something arrives, until the context's signal aborts. One listing and a look
 * for an open run tell whether anything changed. What waits for a dataset or has failed is left alone until something
 * does, or until a fault that may pass has had its time. Neither a failed run nor a failed look ends the watch.
 * A run that is cut off by the watch's end stays open, and whoever comes next finishes it.
 */
export async function watch(context: PipelineContext, options: WatchOptions): Promise<void> {
  const { clock, signal } = context;
  const states = stateTeller(options);
  const lookPauses = backoff(options);
  const runPauses = backoff(options);
  const isOver = () => signal?.aborted === true;
  let settled: Settled | undefined;
  while (!isOver()) {
    let pause = options.intervalMs * spread(options.random);
    try {
      const sight = await look(context);
      lookPauses.reset();
      if (isDue(settled, sight, clock.now())) {
        settled = await waitingByKeys(context, sight);
        settled ??= await attempt(context, options, { before: sight, states, runPauses });
      }
      if (settled !== undefined) states.tell(withIgnored(settled.state, sight));
    } catch (error) {
      if (isOver()) return;
      pause = lookPauses.next();
      const retry_at = new Date(clock.now().getTime() + pause);
      states.tell({ status: "unreachable", error: toFault(error), retry_at });
    }
    await clock.sleep(pause, signal);
  }
}

/** What one look tells. */
interface Sight {
  readonly arrivals: readonly Arrival[];
  readonly ignored: readonly string[];
  readonly open: string | undefined;
  readonly fingerprint: string;
}

async function look({ store, ledger, plan, signal }: PipelineContext): Promise<Sight> {
  const { arrivals, ignored } = await readInbox(store, signal);
  const open = await ledger.openRun();
  const seen = [plan.hash, open ?? "", ...arrivals.map(identity)];
  const fingerprint = createHash("sha256").update(seen.join("\n")).digest("hex");
  return { arrivals, ignored, open, fingerprint };
}

const identity = ({ key, etag }: Arrival) => JSON.stringify([key, etag]);

function isDue(settled: Settled | undefined, { fingerprint }: Sight, now: Date): boolean {
  if (settled?.fingerprint !== fingerprint) return true;
  const { state } = settled;
  return state.status === "failed" && state.retry_at !== null && state.retry_at <= now;
}

/** Where keys tell that a run would wait, none is made: it would fill the ledger, once for each file that arrives. */
async function waitingByKeys(
  { zone }: PipelineContext,
  { arrivals, open, fingerprint }: Sight,
): Promise<Settled | undefined> {
  if (arrivals.length === 0 || open !== undefined) return undefined;
  const waiting_for = await missingDatasets(
    zone,
    arrivals.map(({ dataset }) => dataset),
  );
  if (waiting_for.length === 0) return undefined;
  return { fingerprint, state: { status: "waiting", waiting_for } };
}

interface Attempt {
  readonly before: Sight;
  readonly states: StateTeller;
  readonly runPauses: Backoff;
}

/** @returns undefined where there is more to do already */
async function attempt(
  context: PipelineContext,
  { newRunId, onReport, onStep }: WatchOptions,
  { before, states, runPauses }: Attempt,
): Promise<Settled | undefined> {
  const report = await run(context, {
    runId: newRunId(),
    ...(onStep === undefined ? {} : { onStep }),
  });
  if (hasBegun(report)) {
    await onReport(report);
    states.forget();
  }
  const after = await look(context);
  const { fingerprint } = after;
  if (report.status === "succeeded" || report.status === "nothing-to-do") {
    runPauses.reset();
    const isEmpty = after.arrivals.length === 0 && after.open === undefined;
    return isEmpty ? { fingerprint, state: { status: "idle", ignored: [] } } : undefined;
  }
  const state = report.status === "failed" ? failure(context, report, runPauses) : waiting(report);
  return hasArrivals(before, after) ? undefined : { fingerprint, state };
}

const waiting = ({ waiting_for }: RunReport): WatchState => ({ status: "waiting", waiting_for });

function failure({ clock }: PipelineContext, report: RunReport, runPauses: Backoff): WatchState {
  const error = report.error ?? toFault(new Error("The run failed and did not say why."));
  const time = new Date(clock.now().getTime() + runPauses.next());
  return { status: "failed", error, retry_at: error.is_retryable ? time : null };
}

/** Not so where there was nothing to do, and where the watch ended before there was a run. */
const hasBegun = ({ status, steps, error }: RunReport) =>
  status !== "nothing-to-do" && !(error?.code === "CANCELLED" && steps.length === 0);

/** Whether something came while the run was under way, which the run has not seen. */
function hasArrivals(before: Sight, after: Sight): boolean {
  const known = new Set(before.arrivals.map(identity));
  return after.arrivals.some((arrival) => !known.has(identity(arrival)));
}

const withIgnored = (state: WatchState, { ignored }: Sight): WatchState =>
  state.status === "idle" ? { ...state, ignored } : state;

interface StateTeller {
  /** Says nothing twice; when an attempt will be made is no news. */
  tell(state: WatchState): void;
  forget(): void;
}

function stateTeller({ onState }: WatchOptions): StateTeller {
  let last: string | undefined;
  return {
    tell(state) {
      const news = JSON.stringify({ ...state, retry_at: null });
      if (news !== last) onState?.(state);
      last = news;
    },
    forget: () => void (last = undefined),
  };
}
