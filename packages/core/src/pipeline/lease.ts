import { ToplineError } from "../errors.ts";
import type { Lease } from "../ports/run-ledger.ts";
import type { PipelineContext } from "./ports.ts";

/** The lease while a step works. */
export interface HeldLease {
  readonly lease: Lease;
  /** Aborts when the lease is lost or the caller gives up. */
  readonly signal: AbortSignal;
  /**
   * Asks the ledger: to be called before each change that the store itself does not fence.
   * @throws {ToplineError} `LEASE_LOST`, `CANCELLED`
   */
  verify(): Promise<void>;
  /**
   * What a fault of the work came from. Where the lease was lost, that is the loss, whatever it looked like: what is
   * not there any more was tidied up by the one who works now. To be asked before a failure is written down where
   * nothing fences the writing.
   */
  explain(error: unknown): Promise<unknown>;
}

type LeaseContext = Pick<
  PipelineContext,
  "ledger" | "clock" | "logger" | "holder" | "leaseSeconds" | "waitForLease" | "signal"
>;

/** Longest pause between two looks at a lease that another holds. */
const WAIT_MS = 1_000;

/**
 * Works under the lease: takes it, renews it at a third of its life, releases it at the end, orderly failure
 * included. What keeps a holder that was paused beyond its lease from doing harm is the fencing token; the
 * signal only ends its work early.
 */
export async function withLease<T>(
  context: LeaseContext,
  work: (held: HeldLease) => Promise<T>,
): Promise<T> {
  const lease = await take(context);
  const over = new AbortController();
  const renewal = new AbortController();
  const onCancel = () =>
    over.abort(new ToplineError("CANCELLED", "The work was cancelled; run it again to finish it."));
  if (context.signal?.aborted) onCancel();
  context.signal?.addEventListener("abort", onCancel, { once: true });

  const renewing = keepRenewed(context, lease, over, renewal.signal);
  try {
    const held: HeldLease = {
      lease,
      signal: over.signal,
      async verify() {
        over.signal.throwIfAborted();
        await context.ledger.verify(lease);
      },
      async explain(error) {
        const known = over.signal.aborted ? over.signal.reason : error;
        if (ToplineError.is(known, "LEASE_LOST")) return known;
        return (await lossOf(context, lease)) ?? known;
      },
    };
    return await work(held);
  } catch (error) {
    // What was torn down by the signal fails in many ways; the reason is the signal's.
    throw over.signal.aborted ? over.signal.reason : error;
  } finally {
    renewal.abort();
    context.signal?.removeEventListener("abort", onCancel);
    await renewing;
    await release(context, lease);
  }
}

async function take(context: LeaseContext): Promise<Lease> {
  for (let told = false; ; told = true) {
    try {
      return await context.ledger.acquire(context.holder, context.leaseSeconds);
    } catch (error) {
      if (!context.waitForLease || !ToplineError.is(error, "LEASE_HELD")) throw error;
      if (!told) context.logger.warn(`Waiting. ${error.message}`);
      await context.clock.sleep(WAIT_MS, context.signal);
      if (context.signal?.aborted) {
        throw new ToplineError("CANCELLED", "Cancelled while waiting for the lease.", {
          cause: error,
        });
      }
    }
  }
}

async function keepRenewed(
  { ledger, clock, logger, leaseSeconds }: LeaseContext,
  taken: Lease,
  over: AbortController,
  stop: AbortSignal,
): Promise<void> {
  let lease = taken;
  while (!stop.aborted) {
    await clock.sleep((leaseSeconds * 1000) / 3, stop);
    if (stop.aborted) return;
    try {
      lease = await ledger.renew(lease, leaseSeconds);
    } catch (error) {
      if (ToplineError.is(error, "LEASE_LOST")) return over.abort(error);
      logger.warn("The lease could not be renewed; trying again", { error: String(error) });
    }
  }
}

/** Undefined while the lease is ours, and where that cannot be told. */
async function lossOf({ ledger }: LeaseContext, lease: Lease): Promise<ToplineError | undefined> {
  try {
    await ledger.verify(lease);
    return undefined;
  } catch (error) {
    return ToplineError.is(error, "LEASE_LOST") ? error : undefined;
  }
}

async function release({ ledger, logger }: LeaseContext, lease: Lease): Promise<void> {
  try {
    await ledger.release(lease);
  } catch (error) {
    logger.warn("The lease could not be released; it ends by itself", { error: String(error) });
  }
}
