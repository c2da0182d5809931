/** Calls of the outside world as they are counted and named: what a fault is aimed at. */

/** One call, as it begins. */
export interface FaultCall {
  /** From 1, over every role. */
  readonly n: number;
  /** Whose call it is: the name that the process, or the endpoint, was given. */
  readonly role: string;
  /** `store`, `zone`, `kpis`, `ledger` of ports; `s3`, `dynamodb` of requests. */
  readonly service: string;
  /** The port's method (`put`), or the API's operation (`PutObject`). */
  readonly action: string;
  /** What it is about: a key, a prefix, a table, a run. */
  readonly resource: string;
  /**
   * From 1, among calls of this role, service, action and resource: names a call where others run beside it, and
   * their order differs from time to time.
   */
  readonly occurrence: number;
}

type Named = Omit<FaultCall, "n" | "occurrence">;

/** Numbers calls. */
export class CallLog {
  readonly calls: FaultCall[] = [];
  readonly #seen = new Map<string, number>();

  add(named: Named): FaultCall {
    const { role, service, action, resource } = named;
    const name = JSON.stringify([role, service, action, resource]);
    const occurrence = (this.#seen.get(name) ?? 0) + 1;
    this.#seen.set(name, occurrence);
    const call = { n: this.calls.length + 1, ...named, occurrence };
    this.calls.push(call);
    return call;
  }
}

/** Whether a call is the one that was recorded in an earlier pass: the same by all but its number. */
export const sameCall =
  (recorded: Omit<FaultCall, "n">) =>
  (call: FaultCall): boolean =>
    call.role === recorded.role &&
    call.service === recorded.service &&
    call.action === recorded.action &&
    call.resource === recorded.resource &&
    call.occurrence === recorded.occurrence;

/** As messages name it: `ledger.open r1 (1)`. */
export const nameOf = ({ service, action, resource, occurrence }: FaultCall): string =>
  `${service}.${action} ${resource} (${occurrence})`;
