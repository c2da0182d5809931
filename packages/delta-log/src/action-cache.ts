import type { LogActions } from "./actions.ts";

/** How much log text (and checkpoint bytes) stays parsed in memory, for all tables of a zone together. */
export const CACHE_BYTES = 32 * 1024 * 1024;

interface Cached {
  readonly etag: string;
  readonly size: number;
  readonly actions: LogActions;
}

/** Log files never change, so what was parsed stays true for its ETag. The longest unused leave first. */
export class ActionCache {
  readonly #files = new Map<string, Cached>();
  readonly #limit: number;
  #bytes = 0;

  constructor(limit: number = CACHE_BYTES) {
    this.#limit = limit;
  }

  get(key: string, etag: string): LogActions | undefined {
    const found = this.#files.get(key);
    if (found?.etag !== etag) return undefined;
    this.#files.delete(key);
    this.#files.set(key, found);
    return found.actions;
  }

  set(key: string, file: Cached): void {
    this.#drop(key);
    this.#files.set(key, file);
    this.#bytes += file.size;
    for (const oldest of this.#files.keys()) {
      if (this.#bytes <= this.#limit) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#files.get(key)?.size ?? 0;
    this.#files.delete(key);
  }
}
