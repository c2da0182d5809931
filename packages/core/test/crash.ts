import type { PipelineContext } from "@topline/core";
import type { World } from "./world.ts";

/** What a killed process would say if it could. */
export class Killed extends Error {}

export type Moment = "before" | "after";

export interface Dying {
  readonly world: Pick<World, "store" | "zone" | "kpis" | "ledger">;
  /** External calls begun so far. */
  readonly calls: () => number;
}

/**
 * The world as a process sees it that is killed at its call number `at`: just before the call takes effect, or
 * just after. From then on nothing it calls has any effect: nothing is released, nothing is tidied up.
 */
export function dying(world: World, at: number, moment: Moment): Dying {
  let calls = 0;
  const isDead = () => calls > at || (calls === at && moment === "before");

  const guard = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name, receiver) {
        const member: unknown = Reflect.get(target, name, receiver);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          calls++;
          if (isDead()) return fail();
          const result: unknown = Reflect.apply(member, target, args);
          if (isIterable(result)) return result;
          const dies = calls === at;
          return Promise.resolve(result).then((value) => {
            if (!dies) return value;
            calls++;
            throw new Killed();
          });
        };
      },
    });

  return {
    world: {
      store: guard(world.store),
      zone: guard(world.zone),
      kpis: guard(world.kpis),
      ledger: guard(world.ledger),
    },
    calls: () => calls,
  };
}

function fail(): Promise<never> & AsyncIterable<never> {
  const dead = Promise.reject(new Killed());
  dead.catch(() => {});
  const iterator = { [Symbol.asyncIterator]: () => ({ next: () => dead }) };
  return Object.assign(dead, iterator) as Promise<never> & AsyncIterable<never>;
}

const isIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value;

export type ContextOptions = Partial<PipelineContext>;
