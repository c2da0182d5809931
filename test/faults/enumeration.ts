import { isDeepStrictEqual } from "node:util";
import { type Plan, type RunReport, toJson } from "../../packages/core/src/index.ts";
import {
  type FaultCall,
  nameOf,
  type PortFault,
  portFaults,
  type Rule,
  sameCall,
} from "../../packages/local-harness/src/faults/index.ts";
import type { Episode } from "./history.ts";
import { begin, LEASE_OVER_MS, type Player, playerOf } from "./play.ts";
import { type RowsOf, stateOf } from "./state.ts";
import { newWorld, type World, worldAfter } from "./world.ts";

/** Every external call of an episode meets every kind of fault, one at a time; then another process goes on. */

export type Mode =
  | "crash before"
  | "crash after"
  | "fails once"
  | "answer lost once"
  | "fails for ever"
  | "body breaks";

const VICTIM = "victim";

export const MODES: Readonly<Record<Mode, (call: FaultCall) => Rule<PortFault> | undefined>> = {
  "crash before": (call) => ({ on: sameCall(call), fault: { kind: "crash", moment: "before" } }),
  "crash after": (call) => ({ on: sameCall(call), fault: { kind: "crash", moment: "after" } }),
  "fails once": (call) => ({ on: sameCall(call), fault: { kind: "fail", moment: "before" } }),
  "answer lost once": (call) => ({ on: sameCall(call), fault: { kind: "fail", moment: "after" } }),
  "fails for ever": (call) => {
    const isFirst = sameCall(call);
    let isReached = false;
    return {
      on: (other) => other.role === VICTIM && (isReached ||= isFirst(other)),
      fault: { kind: "fail", moment: "before" },
      times: Number.POSITIVE_INFINITY,
    };
  },
  "body breaks": (call) =>
    call.action === "get"
      ? { on: sameCall(call), fault: { kind: "break-body", after: 5 } }
      : undefined,
};

type State = Awaited<ReturnType<typeof stateOf>> & { readonly more: unknown };

/** With what the episode cares for beyond what all do. */
const stateAfter = async (
  world: World,
  { more }: Episode,
  { plan, rowsOf }: Enumerating,
): Promise<State> => ({ ...(await stateOf(world, plan, rowsOf)), more: await more?.(world) });

export interface Recording {
  readonly episode: Episode;
  /** Before it. */
  readonly start: { readonly journal: World["journal"]; readonly now: Date };
  readonly calls: readonly FaultCall[];
  /** After it, undisturbed. */
  readonly expected: State;
}

export interface Enumerating {
  readonly player: Player;
  readonly plan: Plan;
  readonly rowsOf: RowsOf;
}

/** Plays the history without faults. */
export async function record(
  history: readonly Episode[],
  enumerating: Enumerating,
): Promise<Recording[]> {
  const world = newWorld();
  const recordings: Recording[] = [];
  for (const episode of history) {
    const start = { journal: [...world.journal], now: world.clock.now() };
    const faults = portFaults({ clock: world.clock });
    await begin(world, episode);
    const { report } = await playerOf(
      world,
      episode,
      enumerating.player,
    )(VICTIM, faults.process(VICTIM, world));
    if (report.error !== null) throw new Error(`${episode.name}: ${report.error.message}`);
    const expected = await stateAfter(world, episode, enumerating);
    recordings.push({ episode, start, calls: faults.calls, expected });
    world.clock.advance(LEASE_OVER_MS);
  }
  return recordings;
}

export interface Trial {
  readonly call: FaultCall;
  /** The process that met the fault came to its end all the same. */
  readonly wentOn: boolean;
  /** What is not as it should be. */
  readonly objections: readonly string[];
}

/** Who goes on after the fault: somebody else, or an orchestrator that tries the same run again. */
export type Successor = "another" | "the same";

/** One fault at one call of an episode; whatever is left to do then is done by a process that meets none. */
export async function attempt(
  { episode, start, expected }: Recording,
  call: FaultCall,
  rule: Rule<PortFault>,
  successor: Successor,
  enumerating: Enumerating,
): Promise<Trial & { readonly world: World }> {
  const world = await worldAfter(start.journal, start.now);
  await begin(world, episode);
  const play = playerOf(world, episode, enumerating.player);
  const faults = portFaults({ clock: world.clock });
  const injection = faults.inject(rule);
  const { report } = await play(VICTIM, faults.process(VICTIM, world));
  const objections = [
    ...(injection.hits.length === 0 ? ["the call was not made"] : []),
    ...(rule.fault.kind === "crash" ? [] : unclear(report)),
  ];

  world.clock.advance(LEASE_OVER_MS);
  const next = await play(successor === "the same" ? VICTIM : "next", world);
  if (next.report.error !== null) objections.push(`then: ${next.report.error.message}`);
  const holder = await world.ledger.holder();
  if (holder !== undefined) objections.push(`${holder.holder} still holds the lease`);
  objections.push(...differences(expected, await stateAfter(world, episode, enumerating)));
  return { call, wentOn: report.status !== "failed", objections, world };
}

/** @returns what is not as it should be when the rest of the history has gone by without faults */
export async function goOn(
  world: World,
  rest: readonly Recording[],
  enumerating: Enumerating,
): Promise<string[]> {
  for (const { episode } of rest) {
    world.clock.advance(LEASE_OVER_MS);
    await begin(world, episode);
    const { report } = await playerOf(world, episode, enumerating.player)("later", world);
    if (report.error !== null) return [`${episode.name}: ${report.error.message}`];
  }
  const last = rest.at(-1);
  if (last === undefined) return [];
  const found = differences(last.expected, await stateAfter(world, last.episode, enumerating));
  return found.map((difference) => `at the end of the history: ${difference}`);
}

/** A failure says what it was, and that trying again helps. Who could not let the lease go finds it held. */
function unclear({ error }: Pick<RunReport, "error">): string[] {
  if (error === null) return [];
  const says = error.message.includes("Injected fault") || error.code === "LEASE_HELD";
  const isClear = error.is_retryable && says;
  return isClear ? [] : [`it ended with ${error.code}: ${error.message}`];
}

function differences(expected: State, found: State): string[] {
  return (Object.keys(expected) as (keyof State)[])
    .filter((part) => !isDeepStrictEqual(found[part], expected[part]))
    .map((part) => `${part}: ${toJson(found[part])} instead of ${toJson(expected[part])}`);
}

export const told = ({ call, objections }: Trial): string =>
  `${nameOf(call)}: ${objections.join("; ")}`;
