import type { Clock } from "../ports/clock.ts";

export interface VirtualClock extends Clock {
  /** Moves time on (or back) and wakes the sleepers whose time has come. */
  advance(ms: number): void;
  /** Sleepers that wait now. */
  readonly sleepers: number;
}

/** A clock that stands still until it is told to move. */
export function virtualClock(start = new Date("2024-06-26T00:00:00.000Z")): VirtualClock {
  let time = start.getTime();
  const waiting = new Set<{ readonly until: number; wake(): void }>();
  return {
    now: () => new Date(time),
    sleep(ms, signal) {
      return new Promise((resolve) => {
        if (signal?.aborted || ms <= 0) return resolve();
        const done = () => {
          waiting.delete(sleeper);
          signal?.removeEventListener("abort", done);
          resolve();
        };
        const sleeper = { until: time + ms, wake: done };
        waiting.add(sleeper);
        signal?.addEventListener("abort", done, { once: true });
      });
    },
    advance(ms) {
      time += ms;
      for (const sleeper of waiting) if (sleeper.until <= time) sleeper.wake();
    },
    get sleepers() {
      return waiting.size;
    },
  };
}
