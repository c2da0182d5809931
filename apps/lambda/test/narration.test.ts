import { expect, test } from "vitest";
import { drop, SONGS, STREAMS, USERS } from "../../../packages/core/test/world.ts";
import { functionsOver } from "./functions.ts";
import { invocation, isFigures, listen } from "./invoking.ts";

const FILES = { "songs.csv": SONGS, "users.csv": USERS, "streams/a.csv": STREAMS };

test("every line of every function is JSON and names the run", async () => {
  const said = listen();
  const { world, validate, transform, archive } = functionsOver();
  await drop(world, { ...FILES, "streams/empty.csv": "" });
  for (const step of [validate, transform, archive]) await step({ run_id: "r1" }, invocation());
  await archive({ run_id: "r1", more: true }, invocation()).catch(() => undefined);

  const lines = said();
  expect(lines.length).toBeGreaterThan(8);
  expect(lines.filter((line) => line["run_id"] !== "r1")).toEqual([]);
  for (const line of lines.filter((line) => !isFigures(line))) {
    expect(line).toMatchObject({
      service: "topline",
      step: expect.stringMatching(/^(validate|transform|archive)$/),
      function_name: "topline-test",
      function_request_id: "request-1",
      cold_start: expect.any(Boolean),
    });
  }
  const messages = lines.map((line) => line["message"]);
  expect(messages).toContain("validate is done");
  expect(messages).toContain("2 dates to compute");
  expect(messages).toContainEqual(expect.stringMatching(/^USAGE: /));
});

test("what made the ports logs under the invocation that uses them", async () => {
  const said = listen();
  const { world, validate } = functionsOver((logger) => {
    const checkHead = async () => {
      logger.info("looked");
      return { ok: false, code: "EMPTY_FILE", message: "No." } as const;
    };
    return { validator: { checkHead } };
  });
  await drop(world, { "songs.csv": "" });
  await validate({ run_id: "r1" }, invocation({ request: "one" }));
  await drop(world, { "songs.csv": "" });
  await validate({ run_id: "r2" }, invocation({ request: "two" }));
  await validate({}, invocation({ request: "three" })).catch(() => undefined);
  const of = (request: string) =>
    said()
      .filter((line) => line["function_request_id"] === request)
      .map((line) => line["run_id"]);
  const looks = said().filter((line) => line["message"] === "looked");
  expect(looks.map((line) => line["run_id"])).toEqual(["r1", "r2"]);
  expect(new Set(of("one"))).toEqual(new Set(["r1"]));
  expect(new Set(of("two"))).toEqual(new Set(["r2"]));
  expect(new Set(of("three"))).toEqual(new Set([undefined]));
});

test("each invocation tells its figures to CloudWatch, under its step", async () => {
  const said = listen();
  const { world, validate, transform, archive } = functionsOver();
  await drop(world, FILES);
  for (const step of [validate, transform, archive]) await step({ run_id: "r1" }, invocation());
  const figures = said().filter(isFigures);
  expect(figures).toHaveLength(3);
  expect(figures[1]).toMatchObject({
    service: "topline",
    step: "transform",
    run_id: "r1",
    rows: 7,
    accepted: 7,
    quarantined: 0,
    dates: 2,
    items_put: 2,
    duration: expect.any(Number),
    _aws: {
      CloudWatchMetrics: [
        {
          Namespace: "Topline",
          Dimensions: [["service", "step"]],
          Metrics: expect.arrayContaining([
            { Name: "items_put", Unit: "Count" },
            { Name: "duration", Unit: "Milliseconds" },
          ]),
        },
      ],
    },
  });
});

test("a fault is one line with its cause, and a figure of its kind", async () => {
  const said = listen();
  const { world, validate, transform } = functionsOver();
  await transform({ run_id: "r1" }, invocation()).catch(() => undefined);
  await world.ledger.acquire("somebody else", 30);
  await validate({ run_id: "r1" }, invocation()).catch(() => undefined);
  const faults = said().filter((line) => line["level"] === "ERROR");
  expect(faults.map((line) => line["message"])).toEqual([
    expect.stringMatching(/^RUN_NOT_FOUND: /),
    expect.stringMatching(/^LEASE_HELD: /),
  ]);
  expect(faults[0]?.["error"]).toMatchObject({ name: "ToplineError", stack: expect.anything() });
  const [first, second] = said().filter(isFigures);
  expect(first).toMatchObject({ faults: 1 });
  expect(second).toMatchObject({ retryable_faults: 1 });
});
