import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "@topline/core";
import { isConflict } from "./faults.ts";

export type Sleeper = Pick<Clock, "sleep">;

export const systemSleeper: Sleeper = {
  sleep: (ms, signal) =>
    delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {}),
};

const ATTEMPTS = 10;
const BASE_MS = 25;
const LONGEST_MS = 1_000;

/** Full jitter, doubling from 25 ms up. */
export const pauseMs = (attempt: number): number =>
  Math.random() * Math.min(LONGEST_MS, BASE_MS * 2 ** (attempt - 1));

/**
 * Repeats a call that met another's transaction, a bounded number of times. The SDK does not: it takes a
 * cancelled transaction for an answer. Such a call has changed nothing.
 */
export async function retryingConflicts<T>(clock: Sleeper, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt === ATTEMPTS || !isConflict(error)) throw error;
      await clock.sleep(pauseMs(attempt));
    }
  }
}
