import { appendFile } from "node:fs/promises";
import { boundLog } from "../../harness/log.ts";

/** A log of one function, of bounded size: what was there before lies in `<path>.1`. */
export class FunctionLog {
  readonly #path: string;
  #written = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** In the order of the calls. Never rejects: a log that cannot be written holds nobody up. */
  append(text: string): Promise<void> {
    this.#written = this.#write(text, this.#written);
    return this.#written;
  }

  async #write(text: string, before: Promise<void>): Promise<void> {
    await before;
    await appendFile(this.#path, text, { mode: 0o600 }).catch(() => {});
    await boundLog(this.#path);
  }
}
