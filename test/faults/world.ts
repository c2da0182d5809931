import type { KpiStore, ObjectStore, RunLedger } from "../../packages/core/src/index.ts";
import {
  memoryKpiStore,
  memoryObjectStore,
  memoryRunLedger,
  type VirtualClock,
  virtualClock,
} from "../../packages/core/src/memory/index.ts";

/**
 * Everything that outlives a process, in memory, with a journal of what changed it: what has happened up to some
 * moment is made to have happened again in a fresh world, in no time.
 */

export interface Outside {
  readonly store: ObjectStore;
  readonly kpis: KpiStore;
  readonly ledger: RunLedger;
}

export interface World extends Outside {
  readonly clock: VirtualClock;
  readonly journal: readonly Change[];
}

interface Change {
  readonly at: Date;
  readonly port: keyof Outside;
  readonly action: string;
  readonly args: readonly unknown[];
}

/** Calls that may change something. */
const CHANGES: { readonly [P in keyof Outside]: readonly (keyof Outside[P])[] } = {
  store: ["put", "copy", "delete"],
  kpis: ["publish"],
  ledger: ["acquire", "renew", "release", "open", "close", "moveCursor", "record", "recordSources"],
};

type Method = (...args: unknown[]) => Promise<unknown>;

export function newWorld(): World {
  const clock = virtualClock();
  const ledger = memoryRunLedger({ clock });
  const outside = {
    ledger,
    store: memoryObjectStore({ clock }),
    kpis: memoryKpiStore({ ledger }),
  };
  const journal: Change[] = [];
  const journaled = <P extends keyof Outside>(port: P): Outside[P] => {
    const methods = CHANGES[port].map((action) => {
      const method = outside[port][action] as Method;
      const kept = async (...args: unknown[]) => {
        const whole = await Promise.all(args.map(wholeBody));
        const entry = { at: clock.now(), port, action: String(action), args: whole };
        const answer = await method(...whole);
        // What was refused has changed nothing.
        journal.push(entry);
        return answer;
      };
      return [action, kept] as const;
    });
    return { ...outside[port], ...Object.fromEntries(methods) };
  };
  return {
    clock,
    journal,
    store: journaled("store"),
    kpis: journaled("kpis"),
    ledger: journaled("ledger"),
  };
}

/** Another world in which the same has happened, at the same times. */
export async function worldAfter(journal: readonly Change[], now: Date): Promise<World> {
  const world = newWorld();
  const moveTo = (time: Date) => world.clock.advance(time.getTime() - world.clock.now().getTime());
  for (const { at, port, action, args } of journal) {
    moveTo(at);
    const methods = world[port] as unknown as Readonly<Record<string, Method>>;
    await methods[action]!(...args);
  }
  moveTo(now);
  return world;
}

const isStream = (value: unknown): value is AsyncIterable<Uint8Array> =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value;

async function wholeBody(arg: unknown): Promise<unknown> {
  if (!isStream(arg)) return arg;
  const chunks = await Array.fromAsync(arg);
  return Uint8Array.from(chunks.flatMap((chunk) => Array.from(chunk)));
}
