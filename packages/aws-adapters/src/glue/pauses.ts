/** Milliseconds to pause, one after the other. */
export interface Pauses {
  next(): number;
  reset(): void;
}

/** Between two looks at a job run: short at first, since the run may be short, then ever longer. */
export function lookingPauses(firstMs: number, longestMs: number): Pauses {
  let pause = firstMs;
  return {
    next() {
      const now = Math.min(pause, longestMs);
      pause *= 1.5;
      return now;
    },
    reset: () => void (pause = firstMs),
  };
}

const FIRST_MS = 1_000;
const LONGEST_MS = 20_000;

/** After a call that failed: full jitter, so that those who failed together do not come back together. */
export function retryPauses(random: () => number): Pauses {
  let failures = 0;
  return {
    next: () => random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** failures++),
    reset: () => void (failures = 0),
  };
}
