import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { ToplineError, type ErrorCode } from "../../../../packages/core/src/index.ts";
import type { Cloud } from "../../../../test/backends/cloud.ts";
import { boto3Environment } from "../../../../test/python/pytest.ts";

/** A process of Python that serves the job's parts, over a harness: calls and answers are lines of JSON. */

const script = fileURLToPath(new URL("serve.py", import.meta.url));
const source = fileURLToPath(new URL("../../src", import.meta.url));

interface Fault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly is_retryable: boolean;
}

interface Message {
  readonly id: number;
  readonly found?: unknown;
  readonly fault?: Fault;
  readonly decide?: unknown;
}

/** What the process asks in the middle of a call; what is thrown becomes the call's own fault. */
export type Asked = (question: unknown) => unknown;

interface Call {
  readonly resolve: (found: unknown) => void;
  readonly reject: (fault: unknown) => void;
  readonly asked: Asked;
}

export class PythonProcess implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #calls = new Map<number, Call>();
  readonly #ended: Promise<void>;
  #last = 0;

  constructor(python: string, cloud: Cloud) {
    const env = { PATH: "/usr/bin:/bin", PYTHONPATH: source, ...boto3Environment(cloud) };
    this.#child = spawn(python, ["-B", script], { env });
    createInterface({ input: this.#child.stdout }).on("line", (line) => void this.#hear(line));
    this.#ended = this.#end();
  }

  /** @throws {ToplineError} as the process raised it */
  call<T>(name: string, parameters: object, asked: Asked = () => undefined): Promise<T> {
    const id = ++this.#last;
    return new Promise<T>((resolve, reject) => {
      this.#calls.set(id, { resolve: (found) => resolve(found as T), reject, asked });
      this.#say({ id, call: name, arguments: parameters });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }

  async #hear(line: string): Promise<void> {
    const { id, found, fault, decide } = JSON.parse(line) as Message;
    const call = this.#calls.get(id);
    if (call === undefined) return;
    if (decide !== undefined) {
      try {
        this.#say({ answer: id, actions: (await call.asked(decide)) ?? null });
      } catch (error) {
        this.#calls.delete(id);
        call.reject(error);
        this.#say({ answer: id, failed: String(error) });
      }
      return;
    }
    this.#calls.delete(id);
    if (fault === undefined) call.resolve(found ?? undefined);
    else call.reject(new ToplineError(fault.code, fault.message));
  }

  #say(message: object): void {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** Calls that are under way when the process ends fail with what it wrote to stderr. */
  async #end(): Promise<void> {
    const [stderr] = await Promise.all([text(this.#child.stderr), once(this.#child, "close")]);
    for (const { reject } of this.#calls.values()) reject(new Error(`Python ended: ${stderr}`));
    this.#calls.clear();
  }
}
