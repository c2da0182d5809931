/** A time-out that begins anew with every sign of life. */
export interface Patience extends Disposable {
  /** Aborts when there was none for that long. */
  readonly signal: AbortSignal;
  renew(): void;
}

export function patience(ms: number): Patience {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), ms);
  return {
    signal: end.signal,
    renew: () => void timer.refresh(),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
