import { CallLog, type FaultCall } from "./calls.ts";

/** Which calls meet which fault: recorded, decided and counted in one place, for ports and requests alike. */

/** Before a call takes effect, or after it did and before its answer arrives. */
export type Moment = "before" | "after";

export interface Rule<F> {
  /** The number of a call, or whatever tells the calls that are meant. */
  readonly on: number | ((call: FaultCall) => boolean);
  readonly fault: F;
  /** How many of them meet it. Default: the first alone; `Infinity`: all. */
  readonly times?: number;
}

/** A rule at work. */
export interface Injection {
  /** The calls that met the fault. */
  readonly hits: readonly FaultCall[];
  /** Resolves with the first of them, as it begins. */
  readonly reached: Promise<FaultCall>;
  /** Later calls are let through. */
  remove(): void;
}

export interface FaultLog {
  /** Every call so far, in the order in which they began. */
  readonly calls: readonly FaultCall[];
}

export interface FaultInjector<F> extends FaultLog {
  /** Where several rules mean one call, the first that was injected has it. */
  inject(rule: Rule<F>): Injection;
}

interface Active<F> {
  readonly rule: Rule<F>;
  readonly hits: FaultCall[];
  readonly reach: (call: FaultCall) => void;
}

/** The injector, and its other side: what begins calls. */
export class Injections<F> implements FaultInjector<F> {
  readonly #log = new CallLog();
  readonly #active = new Set<Active<F>>();

  get calls(): readonly FaultCall[] {
    return this.#log.calls;
  }

  inject(rule: Rule<F>): Injection {
    const { promise: reached, resolve: reach } = Promise.withResolvers<FaultCall>();
    const active = { rule, hits: [], reach };
    this.#active.add(active);
    return { hits: active.hits, reached, remove: () => void this.#active.delete(active) };
  }

  /** Records the call. @returns what it meets, if anything */
  begin(named: Omit<FaultCall, "n" | "occurrence">): {
    readonly call: FaultCall;
    readonly fault: F | undefined;
  } {
    const call = this.#log.add(named);
    for (const { rule, hits, reach } of this.#active) {
      if (hits.length >= (rule.times ?? 1) || !isMeant(rule, call)) continue;
      hits.push(call);
      reach(call);
      return { call, fault: rule.fault };
    }
    return { call, fault: undefined };
  }
}

const isMeant = <F>({ on }: Rule<F>, call: FaultCall): boolean =>
  typeof on === "number" ? call.n === on : on(call);
