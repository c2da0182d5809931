import { expect, test } from "vitest";
import { drop, keys, plays, SONGS, STREAMS, USERS } from "../../../packages/core/test/world.ts";
import { functionsOver } from "./functions.ts";
import { invocation, listen } from "./invoking.ts";

const REAL = { "songs.csv": SONGS, "users.csv": USERS, "streams/a.csv": STREAMS };

test("three functions do a whole run", async () => {
  listen();
  const { world, validate, transform, archive } = functionsOver();
  await drop(world, { ...REAL, "streams/empty.csv": "", "notes.txt": "left alone" });

  const event = { run_id: "r1" };
  const validated = await validate({ ...event, run_date: "2024-06-27" }, invocation());
  const transformed = await transform(event, invocation());
  const archived = await archive(event, invocation());

  const key = "raw-data/streams/empty.csv";
  const left = "raw-data/notes.txt";
  expect(validated).toEqual({
    run_id: "r1",
    status: "ready",
    waiting_for: [],
    accepted: 3,
    rejected: 1,
    rejections: [{ key, code: "EMPTY_FILE", message: "It has no line." }],
    warnings: [expect.stringContaining(left)],
  });
  expect(transformed).toEqual({
    run_id: "r1",
    engine: "small 1",
    plan_hash: "1".padStart(64, "0"),
    rows: 7,
    accepted: 7,
    quarantined: 0,
    refused: 0,
    dates: 2,
    tables: [{ table: "PLAYS", put: 2, deleted: 0, unchanged: 0 }],
  });
  expect(archived).toEqual({
    run_id: "r1",
    status: "succeeded",
    archived: 3,
    rejected: 1,
    warnings: [],
    report: "runs/r1/report.json",
  });
  expect(await plays(world)).toEqual(["2024-06-25 pop 2", "2024-06-26 rock 1"]);
  expect(await keys(world, "raw-data/")).toEqual([left]);
  expect(await keys(world, "rejected/2024-06-27/")).toHaveLength(2);
});

test("a step that is called again says the same", async () => {
  listen();
  const { world, ...functions } = functionsOver();
  await drop(world, REAL);
  for (const step of ["validate", "transform", "archive"] as const) {
    const once = await functions[step]({ run_id: "r1" }, invocation());
    expect(await functions[step]({ run_id: "r1" }, invocation())).toEqual(once);
  }
});

test("what is quarantined is counted, and a file that is refused as it is read is no row", async () => {
  listen();
  const { world, validate, transform } = functionsOver();
  await drop(world, {
    ...REAL,
    "streams/odd.csv": `${STREAMS}u1\n`,
    "streams/bad.csv": "a,b,c\n1\n",
  });
  await validate({ run_id: "r1" }, invocation());
  expect(await transform({ run_id: "r1" }, invocation())).toMatchObject({
    rows: 11,
    accepted: 10,
    quarantined: 1,
    refused: 1,
  });
});

test("validate tells what is waited for, and that nothing is to be done", async () => {
  listen();
  const { world, validate, transform, archive } = functionsOver();
  await drop(world, { "songs.csv": SONGS });
  const waiting = await validate({ run_id: "r1" }, invocation());
  expect(waiting).toMatchObject({ status: "waiting", waiting_for: ["users", "streams"] });

  await drop(world, REAL);
  for (const step of [validate, transform, archive]) await step({ run_id: "r1" }, invocation());
  const idle = await validate({ run_id: "r2" }, invocation());
  expect(idle).toMatchObject({ run_id: "r2", status: "nothing-to-do", accepted: 0, rejected: 0 });
});

test("validate returns the open run in place of a new one", async () => {
  listen();
  const { world, validate } = functionsOver();
  await drop(world, REAL);
  await validate({ run_id: "first" }, invocation());
  expect(await validate({ run_id: "second" }, invocation())).toMatchObject({ run_id: "first" });
});

test("a run of 2,000 refused files has a small answer, with whole counts", async () => {
  listen();
  const { world, validate, transform, archive } = functionsOver();
  const refused = Array.from({ length: 2_000 }, (_, n) => [`streams/${n}.csv`, ""] as const);
  await drop(world, { ...REAL, ...Object.fromEntries(refused) });

  const validated = await validate({ run_id: "r1" }, invocation());
  const transformed = await transform({ run_id: "r1" }, invocation());
  const archived = await archive({ run_id: "r1" }, invocation());
  expect(validated).toMatchObject({ accepted: 3, rejected: 2_000 });
  expect(validated.rejections).toHaveLength(20);
  expect(archived).toMatchObject({ archived: 3, rejected: 2_000 });
  for (const answer of [validated, transformed, archived]) {
    expect(JSON.stringify(answer).length).toBeLessThan(4_000);
  }
});
