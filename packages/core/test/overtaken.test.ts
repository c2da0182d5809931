import {
  archive,
  type Clock,
  type Engine,
  run,
  ToplineError,
  transform,
  validate,
} from "@topline/core";
import { describe, expect, test } from "vitest";
import { readText } from "./small-engine.ts";
import { contextOf, drop, keys, newWorld, SONGS, STREAMS, USERS, type World } from "./world.ts";

/**
 * A step that stood still beyond its lease, while another finished the run: whatever it then runs into, it leaves the
 * other's records as they are.
 */

async function validated(): Promise<World> {
  const world = newWorld();
  await drop(world, { "songs.csv": SONGS, "users.csv": USERS, "streams/a.csv": STREAMS });
  await validate(contextOf(world), { runId: "r1" });
  return world;
}

/** Another takes the lease over and finishes the run. */
async function overtake(world: World): Promise<void> {
  world.clock.advance(60_000);
  const { error } = await run(contextOf(world, { holder: "the next one" }), { runId: "r2" });
  expect(error).toBeNull();
}

/** As a process that stands still has it: nothing in it is woken up, so that it renews no lease. */
const standingStill = (clock: Clock): Clock => ({
  now: () => clock.now(),
  sleep: (_ms, signal) =>
    new Promise((resolve) => {
      signal?.addEventListener("abort", () => resolve(), { once: true });
    }),
});

const victimOf = (world: World) => contextOf({ ...world, clock: standingStill(world.clock) });

const partOf = (world: World, step: string) => readText(world.store, `runs/r1/${step}.json`);

/** An engine whose reading ends with `fault` once `meanwhile` is over. */
function failing(engine: Engine, meanwhile: () => Promise<void>, fault: () => Error): Engine {
  return {
    ...engine,
    async open(plan, options) {
      const session = await engine.open(plan, options);
      const ingest = async () => {
        await meanwhile();
        throw fault();
      };
      return {
        ...session,
        ingest,
        [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
      };
    },
  };
}

/** What it reads was tidied up; its connection is no more; its work was torn down as the renewal failed. */
const FAULTS = ["OBJECT_NOT_FOUND", "STORE_UNAVAILABLE", "CANCELLED"] as const;

describe("a transform that was overtaken", () => {
  test.each(FAULTS)("and runs into %s has lost its lease, and leaves the part", async (code) => {
    const world = await validated();
    const context = victimOf(world);
    let left = "";
    const meanwhile = async () => {
      await overtake(world);
      left = await partOf(world, "transform");
    };
    const engine = failing(context.engine, meanwhile, () => new ToplineError(code, "It ended."));
    await expect(transform({ ...context, engine }, "r1")).rejects.toMatchObject({
      code: "LEASE_LOST",
      isRetryable: true,
    });
    expect(JSON.parse(left)).toMatchObject({ status: "succeeded", attempts: 2 });
    expect(await partOf(world, "transform")).toBe(left);
    expect(await world.ledger.get("r1")).toMatchObject({ status: "succeeded" });
    expect(await transform(contextOf(world), "r1")).toMatchObject({ run_id: "r1" });
  });

  test("while it wrote its quarantine deletes none of what is there now", async () => {
    const world = newWorld();
    const streams = `${STREAMS}broken\n`;
    await drop(world, { "songs.csv": SONGS, "users.csv": USERS, "streams/a.csv": streams });
    await validate(contextOf(world), { runId: "r1" });
    const theirs = "part-00001.jsonl";
    let isOvertaken = false;
    const store: World["store"] = {
      ...world.store,
      async put(key, body, options) {
        if (key.startsWith("quarantine/") && !isOvertaken) {
          isOvertaken = true;
          world.clock.advance(60_000);
          await world.ledger.acquire("the next one", 30);
          await world.store.put(key.replace("part-00000.jsonl", theirs), new Uint8Array());
        }
        return world.store.put(key, body, options);
      },
    };
    const victim = victimOf({ ...world, store });
    await expect(transform(victim, "r1")).rejects.toMatchObject({ code: "LEASE_LOST" });
    const left = await keys(world, "quarantine/");
    expect(left.filter((key) => key.endsWith(theirs))).toHaveLength(1);
  });

  test("by nobody keeps its fault, and records it", async () => {
    const world = await validated();
    const context = victimOf(world);
    const meanwhile = async () => world.clock.advance(60_000);
    const engine = failing(context.engine, meanwhile, () => new Error("disk on fire"));
    await expect(transform({ ...context, engine }, "r1")).rejects.toThrow("disk on fire");
    const part = JSON.parse(await partOf(world, "transform")) as object;
    expect(part).toMatchObject({ status: "failed", error: { message: "disk on fire" } });
  });

  test("keeps its fault where the ledger cannot tell who has the lease", async () => {
    const world = await validated();
    const isOut = new ToplineError("STORE_UNAVAILABLE", "The ledger does not answer.");
    let isDown = false;
    const ledger: World["ledger"] = {
      ...world.ledger,
      verify: (lease) => (isDown ? Promise.reject(isOut) : world.ledger.verify(lease)),
    };
    const context = contextOf({ ...world, ledger });
    const meanwhile = async () => void (isDown = true);
    const engine = failing(context.engine, meanwhile, () => new Error("disk on fire"));
    await expect(transform({ ...context, engine }, "r1")).rejects.toThrow("disk on fire");
  });
});

test("an archive that was overtaken, and does not find its copies any more, leaves the part", async () => {
  const world = await validated();
  await transform(contextOf(world), "r1");
  let left: string | undefined;
  const store: World["store"] = {
    ...world.store,
    async copy(from, to, options) {
      if (left === undefined) {
        await overtake(world);
        left = await partOf(world, "archive");
      }
      return world.store.copy(from, to, options);
    },
  };
  await expect(archive(victimOf({ ...world, store }), "r1")).rejects.toMatchObject({
    code: "LEASE_LOST",
  });
  expect(JSON.parse(left ?? "")).toMatchObject({ status: "succeeded" });
  expect(await partOf(world, "archive")).toBe(left);
});
