/** How long to wait before trying again. */
export interface Backoff {
  /** Milliseconds to wait after one more failure. */
  next(): number;
  reset(): void;
}

export interface BackoffOptions {
  /** Milliseconds after the first failure; doubled after each further one. Default: 5 s. */
  readonly backoffMs?: number;
  /** Default: 5 min. */
  readonly longestBackoffMs?: number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

export function backoff(options: BackoffOptions): Backoff {
  const { backoffMs = 5_000, longestBackoffMs = 300_000, random } = options;
  let failures = 0;
  return {
    next: () => Math.min(longestBackoffMs, backoffMs * 2 ** failures++) * spread(random),
    reset: () => void (failures = 0),
  };
}

/** Around 1: so that those who wait do not come back in step. */
export const spread = (random: () => number) => 0.75 + random() / 2;
