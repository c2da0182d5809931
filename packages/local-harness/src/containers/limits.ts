import { setTimeout as delay } from "node:timers/promises";

/** @throws {Error} when the work takes longer; it is not ended by that */
export async function inTime<T>(ms: number, work: Promise<T>): Promise<T> {
  const end = new AbortController();
  const late = delay(ms, undefined, { signal: end.signal }).then(() => {
    throw new Error(`no answer within ${ms / 1000} s`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    end.abort();
  }
}

/** Rejects when the signal aborts, and never resolves. */
export function aborting(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const give = () => reject(signal.reason as Error);
    if (signal.aborted) give();
    else signal.addEventListener("abort", give, { once: true });
  });
}
