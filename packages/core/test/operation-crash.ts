import { type PipelineContext, run } from "@topline/core";
import { expect } from "vitest";
import { dying, type Moment } from "./crash.ts";
import { smallEngine } from "./small-engine.ts";
import { state } from "./state.ts";
import { contextOf, type World } from "./world.ts";

/** What an operation is to do, under an id. */
export type Perform = (context: PipelineContext, operationId: string) => Promise<unknown>;

async function killed(history: () => Promise<World>, perform: Perform, at: number, moment: Moment) {
  const world = await history();
  const victim = dying(world, at, moment);
  const mortal = { ...victim.world, clock: world.clock };
  const context = contextOf(mortal, { engine: smallEngine(victim.world.store) });
  const outcome = await perform(context, "first").then(
    () => "done",
    () => "died",
  );
  world.clock.advance(60_000);
  return { world, outcome, calls: victim.calls() };
}

/**
 * Kills the operation just before, or just after, each of its external calls, and does it again.
 * @param more of what is beyond the state that runs care for
 * @returns how many calls there were
 */
export async function expectRepeatable(
  history: () => Promise<World>,
  perform: Perform,
  moment: Moment,
  more: (world: World) => Promise<unknown> = async () => undefined,
): Promise<number> {
  const seen = async (world: World) => ({ ...(await state(world)), more: await more(world) });
  const whole = await killed(history, perform, Number.POSITIVE_INFINITY, moment);
  expect(whole.outcome).toBe("done");
  const expected = await seen(whole.world);
  for (let at = 1; at <= whole.calls; at++) {
    const when = `killed ${moment} call ${at} of ${whole.calls}`;
    const { world } = await killed(history, perform, at, moment);
    await perform(contextOf(world), "second");
    expect(await seen(world), when).toEqual(expected);
    expect(await world.ledger.holder(), when).toBeUndefined();
    // What is published is what is there: a run finds nothing to do.
    const { status } = await run(contextOf(world), { runId: "after" });
    expect(status, when).toBe("nothing-to-do");
  }
  return whole.calls;
}
