import {
  erase,
  maintain,
  type OperationReport,
  type PipelineContext,
  rebuild,
  replay,
  retract,
  run,
  type RunReport,
  silentLogger,
  type SourceRecord,
  toFault,
} from "../../packages/core/src/index.ts";
import { sourceId } from "../../packages/core/src/manifest.ts";
import { buildPlan } from "../../packages/kpi-engine/src/index.ts";
import { type PortFault, portFaults } from "../../packages/local-harness/src/faults/index.ts";
import { userRecords, validator } from "../../packages/validators/src/index.ts";
import { modelEngine } from "../faults/model-engine.ts";
import { zoneOver } from "../faults/play.ts";
import { newWorld, type Outside } from "../faults/world.ts";
import type { Action, DroppedFile, Fault, Operation } from "./actions.ts";
import { broken, type Dropped } from "./must-hold.ts";

const plan = buildPlan({ kpis: [] });
const LEASE_SECONDS = 30;

/** Runs until nothing is left: what a history leaves behind, and what was replaced meanwhile. */
const MOST_RUNS = 8;
/** A holder that died before a clock was set back holds on for as long. */
const MOST_WAITS = 200;

/** @returns what did not hold, at the first moment at which something did not */
export async function playHistory(actions: readonly Action[]): Promise<string[]> {
  const play = new HistoryPlay();
  for (const action of actions) {
    const found = await play.act(action);
    if (found.length > 0) return found;
  }
  return [];
}

type Ending = Pick<RunReport, "status" | "error">;

class HistoryPlay {
  readonly #world = newWorld();
  readonly #dropped = new Map<string, Dropped>();
  /** Under each key of the inbox, what was put there last. */
  readonly #latest = new Map<string, string>();
  #processes = 0;

  /** @returns what does not hold */
  async act(action: Action): Promise<string[]> {
    if (action.kind === "run") return this.#run(action.fault, action.meanwhile);
    if (action.kind === "operation") return this.#operation(action.operation, action.fault);
    if (action.kind === "together") return this.#together(action.operation);
    if (action.kind === "settle") return this.#settle();
    if (action.kind === "drop") await this.#drop(action.file);
    else this.#world.clock.advance(action.minutes * 60_000);
    return [];
  }

  async #drop({ dataset, name, text }: DroppedFile): Promise<void> {
    const key = `raw-data/${name}`;
    const bytes = new TextEncoder().encode(text);
    const { etag } = await this.#world.store.put(key, bytes);
    const id = sourceId(key, etag, bytes.byteLength);
    const before = this.#latest.get(key);
    if (before !== undefined && before !== id) {
      const replaced = this.#dropped.get(before);
      if (replaced !== undefined) this.#dropped.set(before, { ...replaced, stayed: false });
    }
    this.#latest.set(key, id);
    const erased = this.#dropped.get(id)?.erased;
    this.#dropped.set(id, { sourceId: id, key, dataset, text, erased, stayed: true });
  }

  async #run(fault: Fault | undefined, meanwhile: DroppedFile | undefined): Promise<string[]> {
    const report = await this.#process(fault, (context, id) => this.#once(context, id, meanwhile));
    return unclear(report, fault);
  }

  /** Whoever orders an operation orders it again until it has succeeded, or is told why it cannot be. */
  async #operation(operation: Operation, fault: Fault | undefined): Promise<string[]> {
    const source = await this.#picked(operation);
    if (source === "none") return [];
    const work = (context: PipelineContext, id: string) => perform(context, id, operation, source);
    const first = await this.#process(fault, work);
    const objections = unclear(first, fault);
    if (objections.length > 0) return objections;
    const isDone = first.error === null;
    const last = isDone ? first : await this.#patiently(() => this.#process(undefined, work));
    if (last.error === null && operation.kind === "erase") await this.#erased(operation.userId);
    return last.error === null || last.error.code === "RUN_OPEN"
      ? []
      : [`${operation.kind} ended with ${last.error.code}: ${last.error.message}`];
  }

  /** From every file that is taken in now. */
  async #erased(userId: string): Promise<void> {
    for await (const { sourceId: id, intake } of this.#world.ledger.sources()) {
      const source = this.#dropped.get(id);
      if (source === undefined) continue;
      const before = source.erased?.intake === intake ? source.erased.userIds : [];
      this.#dropped.set(id, {
        ...source,
        erased: { intake, userIds: new Set([...before, userId]) },
      });
    }
  }

  async #together(operation: Operation | undefined): Promise<string[]> {
    const source = operation === undefined ? "none" : await this.#picked(operation);
    const work =
      operation === undefined || source === "none"
        ? (context: PipelineContext, id: string) => this.#once(context, id, undefined)
        : (context: PipelineContext, id: string) => perform(context, id, operation, source);
    const [one, other] = await Promise.all([
      this.#process(undefined, (context, id) => this.#once(context, id, undefined)),
      this.#process(undefined, work),
    ]);
    const serialised = new Set(["LEASE_HELD", "RUN_OPEN"]);
    return [one, other].flatMap(({ error }) =>
      error === null || serialised.has(error.code)
        ? []
        : [`side by side, one ended with ${error.code}: ${error.message}`],
    );
  }

  async #settle(): Promise<string[]> {
    for (let runs = 0; runs < MOST_RUNS; runs++) {
      const report = await this.#patiently(() =>
        this.#process(undefined, (context, id) => this.#once(context, id, undefined)),
      );
      if (report.error !== null) {
        return [`a run without faults ended with ${report.error.code}: ${report.error.message}`];
      }
      if (report.status === "succeeded") continue;
      const { store, kpis, ledger } = this.#world;
      const isWaiting = report.status === "waiting";
      return broken({ store, kpis, ledger, plan, isWaiting }, this.#dropped);
    }
    return [`after ${MOST_RUNS} runs something was still left to do`];
  }

  /** Waits for holders that are gone. */
  async #patiently(work: () => Promise<Ending>): Promise<Ending> {
    for (let waits = 0; ; waits++) {
      const ending = await work();
      if (ending.error?.code !== "LEASE_HELD" || waits === MOST_WAITS) return ending;
      this.#world.clock.advance(60_000);
    }
  }

  /** A process of its own name, which meets the fault at one of its calls if it makes as many. */
  async #process(
    fault: Fault | undefined,
    work: (context: PipelineContext, id: string) => Promise<Ending>,
  ): Promise<Ending> {
    const name = `p${++this.#processes}`;
    const { clock } = this.#world;
    const faults = portFaults({ clock });
    if (fault !== undefined) faults.inject({ on: fault.call, fault: PORT_FAULTS[fault.kind] });
    const outside: Outside = faults.process(name, this.#world);
    const context: PipelineContext = {
      store: outside.store,
      kpis: outside.kpis,
      ledger: outside.ledger,
      zone: zoneOver(outside),
      engine: modelEngine(outside.store),
      validator,
      clock,
      logger: silentLogger,
      plan,
      tablePrefix: "",
      holder: name,
      leaseSeconds: LEASE_SECONDS,
      waitForLease: false,
    };
    try {
      return await work(context, name);
    } catch (error) {
      return { status: "failed", error: toFault(error) };
    }
  }

  async #once(
    context: PipelineContext,
    id: string,
    meanwhile: DroppedFile | undefined,
  ): Promise<Ending> {
    const producer: Promise<void>[] = [];
    const report = await run(context, {
      runId: id,
      runDate: context.clock.now().toISOString().slice(0, 10),
      onStep: (step) => {
        if (step === "transform" && meanwhile !== undefined) producer.push(this.#drop(meanwhile));
      },
    });
    await Promise.all(producer);
    return report;
  }

  /** @returns the source that an operation is about; undefined where it is about none */
  async #picked(operation: Operation): Promise<SourceRecord | "none" | undefined> {
    if (!("pick" in operation) || operation.pick === "all") return undefined;
    const known = await Array.fromAsync(this.#world.ledger.sources());
    const taken = known.filter(({ state }) => state === "accepted");
    if (taken.length === 0) return "none";
    taken.sort((a, b) => (a.sourceId < b.sourceId ? -1 : 1));
    return taken[operation.pick % taken.length];
  }
}

const PORT_FAULTS: Readonly<Record<Fault["kind"], PortFault>> = {
  "crash before": { kind: "crash", moment: "before" },
  "crash after": { kind: "crash", moment: "after" },
  fails: { kind: "fail", moment: "before" },
  "answer lost": { kind: "fail", moment: "after" },
};

async function perform(
  context: PipelineContext,
  operationId: string,
  operation: Operation,
  source: SourceRecord | undefined,
): Promise<Ending> {
  await order(context, operationId, operation, source?.sourceId ?? "");
  return { status: "succeeded", error: null };
}

function order(
  context: PipelineContext,
  operationId: string,
  operation: Operation,
  source: string,
): Promise<OperationReport> {
  if (operation.kind === "retract") return retract(context, { operationId, source });
  if (operation.kind === "replay") {
    const sources = operation.pick === "all" ? "all" : { source };
    return replay(context, { operationId, sources });
  }
  if (operation.kind === "rebuild") return rebuild(context, { operationId, dates: "all" });
  if (operation.kind === "maintain") {
    return maintain(context, { operationId, retentionDays: operation.retentionDays });
  }
  const { userId } = operation;
  return erase(context, { operationId, userId, records: userRecords });
}

/** A failure says what it was, and that trying again helps; without a fault, only others can be the cause. */
function unclear({ error }: Ending, fault: Fault | undefined): string[] {
  if (error === null || fault?.kind.startsWith("crash")) return [];
  if (error.code === "LEASE_HELD" || error.code === "RUN_OPEN") return [];
  const isClear = error.is_retryable && error.message.includes("Injected fault");
  return fault !== undefined && isClear ? [] : [`it ended with ${error.code}: ${error.message}`];
}
