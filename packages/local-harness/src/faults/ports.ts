import { setTimeout as delay } from "node:timers/promises";
import { type Clock, type FetchedObject, ToplineError } from "@topline/core";
import { broken, corrupted } from "./bodies.ts";
import { type FaultCall, nameOf } from "./calls.ts";
import { type FaultInjector, Injections, type Moment } from "./injector.ts";
import { actionsOf, type OuterPorts, PORT_NAMES, type PortName, resourceOf } from "./port-calls.ts";

export type PortFault =
  /** By default with `STORE_UNAVAILABLE`: what adapters say when they have spent their attempts. */
  | {
      readonly kind: "fail";
      readonly moment: Moment;
      readonly error?: (call: FaultCall) => Error;
    }
  /** From there on nothing that this process calls has any effect: it releases nothing, and tidies nothing up. */
  | { readonly kind: "crash"; readonly moment: Moment }
  /** On the clock. */
  | { readonly kind: "delay"; readonly ms: number }
  /** The call waits until somebody lets it go on. */
  | { readonly kind: "hold"; readonly moment: Moment; readonly until: Promise<unknown> }
  /** Of `get`: the connection breaks after so many bytes. Other calls fail after their effect. */
  | { readonly kind: "break-body"; readonly after: number }
  /** Of `get`: the byte at this position, from 0, is another one. Other calls are not touched. */
  | { readonly kind: "corrupt-body"; readonly at: number };

/** What a call of a process says that has crashed: nothing that is there to be handled. */
export class ProcessGone extends Error {
  override readonly name = "ProcessGone";
}

export interface PortFaults extends FaultInjector<PortFault> {
  /**
   * Ports as one process sees them. All processes share the count of calls; a crash ends one of them, and a process
   * that is to come back is another, over the same ports.
   */
  process<P extends Partial<OuterPorts>>(role: string, ports: P): P;
}

export interface PortFaultsOptions {
  /** For delays. Default: the system's. */
  readonly clock?: Pick<Clock, "sleep">;
}

/**
 * Records every call of ports, and has chosen ones fail, in this process. A call that yields many things (`list`)
 * is one call: `before` is before the first of them, `after` after the last.
 */
export function portFaults({ clock = systemSleeper }: PortFaultsOptions = {}): PortFaults {
  const injections = new Injections<PortFault>();
  return {
    get calls() {
      return injections.calls;
    },
    inject: (rule) => injections.inject(rule),
    process(role, ports) {
      const process = new FaultyProcess(role, injections, clock);
      const guarded = PORT_NAMES.flatMap((name) => {
        const port = ports[name];
        return port === undefined ? [] : [[name, process.guard(name, port)] as const];
      });
      return { ...ports, ...Object.fromEntries(guarded) };
    },
  };
}

const systemSleeper: Pick<Clock, "sleep"> = { sleep: (ms) => delay(ms) };

type Method = (...args: unknown[]) => unknown;

class FaultyProcess {
  readonly #role: string;
  readonly #injections: Injections<PortFault>;
  readonly #clock: Pick<Clock, "sleep">;
  #isGone = false;

  constructor(role: string, injections: Injections<PortFault>, clock: Pick<Clock, "sleep">) {
    this.#role = role;
    this.#injections = injections;
    this.#clock = clock;
  }

  guard<T extends object>(name: PortName, port: T): T {
    const methods = actionsOf(name).map((action) => {
      const method = (...args: unknown[]) =>
        (Reflect.get(port, action) as Method).apply(port, this.#untilGone(args));
      return [action, this.#method(name, action, method)] as const;
    });
    return { ...port, ...Object.fromEntries(methods) };
  }

  #method(service: PortName, action: string, method: Method): Method {
    const yieldsMany = MANY[service].includes(action);
    return (...args) => {
      const begin = () => {
        this.#assertThere();
        const resource = resourceOf(service, action, args);
        return this.#injections.begin({ role: this.#role, service, action, resource });
      };
      return yieldsMany ? this.#iterate(begin, method, args) : this.#call(begin, method, args);
    };
  }

  async #call(begin: Begin, method: Method, args: unknown[]): Promise<unknown> {
    const { call, fault } = begin();
    await this.#meet(call, fault, "before");
    // That there is no such object is an answer, too, and can be lost.
    const [outcome] = await Promise.allSettled([method(...args)]);
    await this.#meet(call, fault, "after");
    this.#assertThere();
    if (outcome.status === "rejected") throw outcome.reason;
    const result = outcome.value;
    return call.service === "store" && call.action === "get"
      ? this.#fetched(call, fault, result as FetchedObject)
      : result;
  }

  async *#iterate(begin: Begin, method: Method, args: unknown[]): AsyncGenerator {
    const { call, fault } = begin();
    await this.#meet(call, fault, "before");
    for await (const item of method(...args) as AsyncIterable<unknown>) {
      this.#assertThere();
      yield item;
    }
    await this.#meet(call, fault, "after");
  }

  async #meet(call: FaultCall, fault: PortFault | undefined, moment: Moment): Promise<void> {
    if (fault === undefined) return;
    switch (fault.kind) {
      case "fail":
        if (fault.moment === moment) throw (fault.error ?? unavailable(moment))(call);
        return;
      case "crash":
        if (fault.moment !== moment) return;
        this.#isGone = true;
        return this.#assertThere();
      case "hold":
        if (fault.moment === moment) await fault.until;
        return this.#assertThere();
      case "delay":
        if (moment === "before") await this.#clock.sleep(fault.ms);
        return this.#assertThere();
      case "break-body":
        if (moment === "after" && call.action !== "get") throw unavailable(moment)(call);
        return;
      case "corrupt-body":
    }
  }

  #fetched(call: FaultCall, fault: PortFault | undefined, object: FetchedObject): FetchedObject {
    const body = this.#whileThere(object.body);
    if (fault?.kind === "break-body") {
      return { ...object, body: broken(body, fault.after, () => unavailable("after")(call)) };
    }
    return { ...object, body: fault?.kind === "corrupt-body" ? corrupted(body, fault.at) : body };
  }

  /** Whatever a call still asks of its caller, such as bytes to put, stops when the caller is gone. */
  #untilGone(args: readonly unknown[]): unknown[] {
    return args.map((arg) => {
      if (isStream(arg)) return this.#whileThere(arg);
      if (!isDecision(arg)) return arg;
      const { decide } = arg;
      return {
        ...arg,
        decide: async (...state: unknown[]) => {
          const actions = await decide(...state);
          this.#assertThere();
          return actions;
        },
      };
    });
  }

  async *#whileThere<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const item of items) {
      this.#assertThere();
      yield item;
    }
    this.#assertThere();
  }

  #assertThere(): void {
    if (this.#isGone) throw new ProcessGone(`${this.#role} has crashed.`);
  }
}

type Begin = () => ReturnType<Injections<PortFault>["begin"]>;

const MANY: Readonly<Record<PortName, readonly string[]>> = {
  store: ["list"],
  zone: [],
  kpis: ["scan", "dates"],
  ledger: ["list", "sources"],
};

const unavailable = (moment: Moment) => (call: FaultCall) =>
  new ToplineError(
    "STORE_UNAVAILABLE",
    moment === "before"
      ? `Injected fault: ${nameOf(call)} failed and had no effect.`
      : `Injected fault: the answer to ${nameOf(call)} was lost.`,
  );

const isStream = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value;

/** A request to commit, which asks its caller what to do. */
const isDecision = (value: unknown): value is { decide: (...state: unknown[]) => unknown } =>
  typeof value === "object" && value !== null && "decide" in value;
