import { LambdaError } from "../errors.ts";
import type { Invocation, Invoked } from "../invocation.ts";
import type { FunctionRecord } from "../records.ts";
import { logFile } from "../store.ts";
import { ExecutionEnvironment } from "./environment.ts";
import { FunctionLog } from "./function-log.ts";
import type { ExecutionPlace } from "./place.ts";

export interface PoolOptions extends ExecutionPlace {
  /** How many invocations may be under way at once. Default: 100. */
  readonly concurrency?: number;
  /** How long an environment waits for the next invocation. Default: 2 min. */
  readonly idleMs?: number;
}

const CONCURRENCY = 100;
const IDLE_MS = 120_000;

/** All execution environments: taken up again while they are warm, made when all are busy. */
export class EnvironmentPool {
  readonly #place: ExecutionPlace;
  readonly #concurrency: number;
  readonly #idleMs: number;
  readonly #alive = new Set<ExecutionEnvironment>();
  /** The one that was used last is the last. */
  readonly #idle = new Map<ExecutionEnvironment, NodeJS.Timeout>();
  readonly #logs = new Map<string, FunctionLog>();
  readonly #retired = new WeakSet<ExecutionEnvironment>();
  readonly #underWay = new Set<Promise<Invoked>>();
  #isClosed = false;

  constructor({ concurrency = CONCURRENCY, idleMs = IDLE_MS, ...place }: PoolOptions) {
    this.#place = place;
    this.#concurrency = concurrency;
    this.#idleMs = idleMs;
  }

  /** @throws {LambdaError} `TooManyRequestsException` */
  async invoke(record: FunctionRecord, invocation: Invocation): Promise<Invoked> {
    if (this.#isClosed) throw new LambdaError("ServiceException", "The embedded Lambda has ended.");
    if (this.#underWay.size >= this.#concurrency) {
      throw new LambdaError("TooManyRequestsException", "Rate Exceeded.");
    }
    const environment = this.#take(record);
    const invoked = environment.invoke(invocation).finally(() => {
      this.#underWay.delete(invoked);
      this.#keep(environment);
    });
    this.#underWay.add(invoked);
    return invoked;
  }

  /** A function has changed, or is gone: its environments end, those that are busy when they have answered. */
  retire(functionName: string): void {
    for (const environment of this.#alive) {
      if (environment.record.name !== functionName) continue;
      this.#retired.add(environment);
      if (this.#idle.has(environment)) this.#end(environment);
    }
  }

  /** Ends all of them, by force. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const alive = [...this.#alive];
    for (const environment of alive) this.#end(environment);
    await Promise.all(alive.map(({ ended }) => ended));
    await Promise.allSettled(this.#underWay);
  }

  #take(record: FunctionRecord): ExecutionEnvironment {
    const warm = [...this.#idle.keys()].findLast(
      (environment) => environment.record.name === record.name && environment.isIdle,
    );
    if (warm === undefined) return this.#start(record);
    clearTimeout(this.#idle.get(warm));
    this.#idle.delete(warm);
    return warm;
  }

  #start(record: FunctionRecord): ExecutionEnvironment {
    // Those that wait make room for those that work.
    const [oldest] = this.#idle.keys();
    if (oldest !== undefined && this.#alive.size >= this.#concurrency) this.#end(oldest);
    const environment = new ExecutionEnvironment(record, this.#place, this.#logOf(record.name));
    this.#alive.add(environment);
    void this.#untilEnded(environment);
    return environment;
  }

  #keep(environment: ExecutionEnvironment): void {
    if (this.#isClosed || this.#retired.has(environment) || !environment.isIdle) {
      return this.#end(environment);
    }
    const timer = setTimeout(() => this.#end(environment), this.#idleMs);
    timer.unref();
    this.#idle.set(environment, timer);
  }

  #end(environment: ExecutionEnvironment): void {
    this.#forget(environment);
    void environment.end();
  }

  async #untilEnded(environment: ExecutionEnvironment): Promise<void> {
    await environment.ended;
    this.#forget(environment);
    this.#alive.delete(environment);
  }

  #forget(environment: ExecutionEnvironment): void {
    clearTimeout(this.#idle.get(environment));
    this.#idle.delete(environment);
  }

  #logOf(functionName: string): FunctionLog {
    const log =
      this.#logs.get(functionName) ?? new FunctionLog(logFile(this.#place.directory, functionName));
    this.#logs.set(functionName, log);
    return log;
  }
}
