import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { FunctionLog } from "./function-log.ts";
import { markOf } from "./mark.ts";

const TAIL_BYTES = 4_096;
const LATE_MS = 2_000;

/** What an execution environment writes, on its way to the function's log. */
export class Output {
  readonly #log: FunctionLog;
  #tail = "";
  #mark = "";
  #passed = Promise.withResolvers<void>();

  constructor(log: FunctionLog) {
    this.#log = log;
  }

  /** From here on is the tail. */
  begin(requestId: string): void {
    this.#tail = "";
    this.#mark = markOf(requestId);
    this.#passed = Promise.withResolvers();
  }

  /** A line of Lambda's own. Resolves once it is in the log, and all that was before it. */
  say(line: string): Promise<void> {
    return this.#write(`${line}\n`);
  }

  /** Follows a process to the end of what it writes; it waits where it writes faster than the disk. */
  async follow(stdout: Readable): Promise<void> {
    stdout.setEncoding("utf8");
    let text = "";
    try {
      for await (const chunk of stdout as AsyncIterable<string>) {
        text = await this.#pass(text + chunk);
      }
    } catch {
      // Cut off, since somebody kept it open.
    }
    await this.#write(text);
    this.#passed.resolve();
  }

  /** Resolves once all has been read that was written before the runtime's mark, or if that does not come. */
  async passed(): Promise<void> {
    const patience = new AbortController();
    const late = delay(LATE_MS, undefined, { signal: patience.signal }).catch(() => {});
    await Promise.race([this.#passed.promise, late]);
    patience.abort();
  }

  /** The last 4 KB. */
  tail(): Uint8Array {
    return new TextEncoder().encode(this.#tail).subarray(-TAIL_BYTES);
  }

  /** @returns what may be the beginning of a mark */
  async #pass(text: string): Promise<string> {
    const mark = this.#mark;
    const at = text.indexOf("\0");
    if (at < 0 || mark === "") {
      await this.#write(text);
      return "";
    }
    const rest = text.slice(at);
    if (rest.length < mark.length && mark.startsWith(rest)) {
      await this.#write(text.slice(0, at));
      return rest;
    }
    const isMark = rest.startsWith(mark);
    await this.#write(text.slice(0, isMark ? at : at + 1));
    if (isMark) this.#passed.resolve();
    return this.#pass(rest.slice(isMark ? mark.length : 1));
  }

  async #write(text: string): Promise<void> {
    if (text === "") return;
    this.#tail = (this.#tail + text).slice(-TAIL_BYTES);
    await this.#log.append(text);
  }
}
