import { type Engine, ToplineError } from "@topline/core";
import { describe, expect, test } from "vitest";
import { drop, SONGS, STREAMS, USERS } from "../../../packages/core/test/world.ts";
import { ToplineFault, ToplineRetryable } from "../src/errors.ts";
import { handlerOf } from "../src/handler.ts";
import { validateStep } from "../src/steps/validate.ts";
import { functionsOver } from "./functions.ts";
import { invocation, listen } from "./invoking.ts";

const FILES = { "songs.csv": SONGS, "users.csv": USERS, "streams/a.csv": STREAMS };

/** What Lambda would tell of it. */
async function failure(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(error instanceof Error)) throw new Error("It did not fail.");
  return { errorType: error.name, errorMessage: error.message, error };
}

describe("wrong input", () => {
  test.each([
    ["nothing", null, "the input"],
    ["no run", {}, "run_id"],
    ["a run that is no text", { run_id: 1 }, "run_id"],
    ["a date that there is not", { run_id: "r1", run_date: "2024-02-30" }, "run_date"],
    ["a field that nobody knows", { run_id: "r1", runDate: "2024-02-03" }, "runDate"],
  ])("%s is a fault of use, by name", async (_what, event, named) => {
    listen();
    const { validate, opened } = functionsOver();
    const { errorType, errorMessage } = await failure(validate(event, invocation()));
    expect(errorType).toBe("ToplineFault");
    expect(errorMessage).toMatch(/^USAGE: validate /);
    expect(errorMessage).toContain(named);
    expect(opened()).toBe(0);
  });

  test("a run's id that none can have is told as such, by every function", async () => {
    listen();
    const { validate, transform, archive } = functionsOver();
    for (const step of [validate, transform, archive]) {
      const { errorType, errorMessage } = await failure(step({ run_id: "../a" }, invocation()));
      expect([errorType, ToplineError.parse(errorMessage)?.code]).toEqual([
        "ToplineFault",
        "RUN_ID_INVALID",
      ]);
    }
  });
});

test("a lease that another holds is not waited for: trying again later helps", async () => {
  listen();
  const { world, validate } = functionsOver();
  await world.ledger.acquire("somebody else", 30);
  const { errorType, errorMessage } = await failure(validate({ run_id: "r1" }, invocation()));
  expect(errorType).toBe("ToplineRetryable");
  expect(ToplineError.parse(errorMessage)).toMatchObject({ code: "LEASE_HELD" });
  expect(errorMessage).toContain("somebody else");
});

test("the lease says which function works, for which request", async () => {
  listen();
  const held: string[] = [];
  const { world } = functionsOver();
  const { validate } = functionsOver(
    {
      ledger: {
        ...world.ledger,
        acquire(holder, seconds) {
          held.push(`${holder}, ${seconds} s`);
          return world.ledger.acquire(holder, seconds);
        },
      },
    },
    world,
  );
  await validate({ run_id: "r1" }, invocation({ request: "abc" }));
  expect(held).toEqual(["lambda topline-test (request abc), 30 s"]);
});

test("a step out of order, a run that nobody opened, and a bug are faults for a person", async () => {
  listen();
  const { world, validate, transform, archive } = functionsOver();
  await drop(world, FILES);
  const unknown = await failure(transform({ run_id: "r0" }, invocation()));
  await validate({ run_id: "r1" }, invocation());
  const early = await failure(archive({ run_id: "r1" }, invocation()));
  const broken: Engine = {
    name: "broken",
    open: () => Promise.reject(new TypeError("x is not y")),
  };
  const bug = await failure(
    functionsOver({ engine: broken }, world).transform({ run_id: "r1" }, invocation()),
  );
  expect([unknown, early, bug].map(({ errorType }) => errorType)).toEqual(
    Array(3).fill("ToplineFault"),
  );
  expect(unknown.errorMessage).toMatch(/^RUN_NOT_FOUND: /);
  expect(early.errorMessage).toMatch(/^STEP_OUT_OF_ORDER: /);
  expect(bug.errorMessage).toBe("INTERNAL: x is not y");
  expect(bug.error.cause).toBeInstanceOf(TypeError);
});

test("before Lambda ends the function, the step ends, and gives its lease back", async () => {
  listen();
  const endless: Engine = {
    name: "endless",
    open: (_plan, { signal } = {}) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason as Error));
      }),
  };
  const { world, validate, transform } = functionsOver({ engine: endless });
  await drop(world, FILES);
  await validate({ run_id: "r1" }, invocation());
  const { errorType, errorMessage } = await failure(
    transform({ run_id: "r1" }, invocation({ leftMs: 50 })),
  );
  expect(errorType).toBe("ToplineRetryable");
  expect(errorMessage).toMatch(/^CANCELLED: /);
  expect(await world.ledger.holder()).toBeUndefined();

  const again = functionsOver({}, world);
  expect(await again.transform({ run_id: "r1" }, invocation())).toMatchObject({ rows: 7 });
});

test("ports are made once; where that failed, the next invocation tries again", async () => {
  listen();
  const { validate, opened } = functionsOver();
  await validate({ run_id: "r1" }, invocation());
  await validate({ run_id: "r2" }, invocation());
  expect(opened()).toBe(1);

  let attempts = 0;
  const failing = handlerOf(validateStep, () => {
    attempts++;
    return Promise.reject(new ToplineError("CONFIG_INVALID", "No."));
  });
  for (const run_id of ["r1", "r2"]) {
    const { errorType, errorMessage } = await failure(failing({ run_id }, invocation()));
    expect([errorType, errorMessage]).toEqual(["ToplineFault", "CONFIG_INVALID: No."]);
  }
  expect(attempts).toBe(2);
});

test("a fault that passes and one that does not are errors of two names", () => {
  const names = [ToplineRetryable, ToplineFault].map((Kind) => {
    const error = new Kind(new ToplineError("INTERNAL", "No."), undefined);
    return `${error.name}: ${error.message}`;
  });
  expect(names).toEqual(["ToplineRetryable: INTERNAL: No.", "ToplineFault: INTERNAL: No."]);
});
