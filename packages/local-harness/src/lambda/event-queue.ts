import { setTimeout as delay } from "node:timers/promises";
import type { Invoked } from "./invocation.ts";
import { LambdaError } from "./errors.ts";

export interface EventQueueOptions {
  /** How long to wait before a second try, and before a third. Default: 1 and 2 minutes, as Lambda does. */
  readonly retryMs?: readonly number[];
}

const RETRY_MS = [60_000, 120_000];
const BUSY_MS = 500;

/**
 * Asynchronous invocations, in memory. One that failed is tried again, and given up then: there is no queue for those
 * that failed.
 */
export class EventQueue {
  readonly #retryMs: readonly number[];
  readonly #end = new AbortController();

  constructor({ retryMs = RETRY_MS }: EventQueueOptions = {}) {
    this.#retryMs = retryMs;
  }

  /** @param invoke calls the function, as it is by then */
  add(invoke: () => Promise<Invoked>): void {
    // Cut off by the end of the queue, or the function is gone.
    void this.#run(invoke).catch(() => {});
  }

  close(): void {
    this.#end.abort();
  }

  async #run(invoke: () => Promise<Invoked>): Promise<void> {
    const { signal } = this.#end;
    for (const waitMs of [...this.#retryMs, 0]) {
      const { isError } = await this.#whenFree(invoke);
      if (!isError || signal.aborted) return;
      await delay(waitMs, undefined, { signal, ref: false });
    }
  }

  async #whenFree(invoke: () => Promise<Invoked>): Promise<Invoked> {
    for (;;) {
      try {
        return await invoke();
      } catch (error) {
        const isBusy = error instanceof LambdaError && error.name === "TooManyRequestsException";
        if (!isBusy) throw error;
        await delay(BUSY_MS, undefined, { signal: this.#end.signal, ref: false });
      }
    }
  }
}
