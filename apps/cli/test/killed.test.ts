import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emptyModel } from "../../../test/model/model.ts";
import { openBucket } from "./bucket.ts";
import { datesOf, dropsOf, expectedTables, type Files, sample, tablesOf } from "./inbox.ts";
import { newState, type TestState } from "./topline.ts";

/** A run that is killed at any moment is finished by the next one. */

const FILES: Files = Object.fromEntries(
  [
    "users.csv",
    "songs.csv",
    "streams/streams1.csv",
    "streams/streams2.csv",
    "streams/streams3.csv",
  ].map((name) => [name, sample(name)]),
);
const MOMENTS = 20;
const TIMEOUT = 300_000;
/** Greater than any process id. */
const NO_PROCESS = 2 ** 30;

async function arrive(state: TestState): Promise<void> {
  await using bucket = await openBucket(state);
  for (const [name, content] of Object.entries(FILES))
    await bucket.put(`raw-data/${name}`, content);
}

/** How long a run lasts here and now that nobody kills. */
async function undisturbed(): Promise<number> {
  await using state = await newState();
  await arrive(state);
  const began = performance.now();
  expect((await state.topline("run")).code).toBe(0);
  return performance.now() - began;
}

/** A process that has ended and that nobody has asked for yet is not alive. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^[0-9]+ \(.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ESRCH" || code === "ENOENT") return false;
    throw error;
  }
}

/** The process that served the state last. */
async function harnessOf({ directory }: TestState): Promise<number> {
  const text = await readFile(join(directory, "harness.json"), "utf8").catch(() => undefined);
  return text === undefined ? NO_PROCESS : (JSON.parse(text) as { pid: number }).pid;
}

let duration = 0;
let cut = 0;
const expected = (() => {
  const model = emptyModel();
  model.run({ intake: 1n, files: dropsOf(FILES) });
  return { dates: datesOf(model), tables: expectedTables(model) };
})();

beforeAll(async () => {
  duration = await undisturbed();
}, TIMEOUT);

// Several at a time: most of the time goes by waiting for the lease of the dead.
describe.concurrent("a run that is killed, then run once more", () => {
  test.for(Array.from({ length: MOMENTS }, (_, i) => i + 1))(
    `has the right figures and leaves nothing running (moment %i of ${MOMENTS})`,
    { timeout: TIMEOUT },
    async (moment, { expect }) => {
      await using state = await newState();
      await arrive(state);
      const victim = state.start("run", "--run-id", "victim");
      // Several at a time take longer than one alone.
      const timer = setTimeout(() => victim.kill("SIGKILL"), (1.5 * duration * moment) / MOMENTS);
      const { code } = await victim.finished;
      clearTimeout(timer);
      if (code === null) cut++;

      const after = await state.topline("run", "--json");
      expect(after.code, after.stderr).toBe(0);
      expect(await tablesOf(state, expected.dates)).toEqual(expected.tables);
      const status = await state.topline("status", "--json");
      expect(status.json()).toMatchObject({ inbox: { status: "empty" }, open_run: null });
      const pid = await harnessOf(state);
      await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
    },
  );
});

afterAll(() => {
  if (cut < MOMENTS / 2)
    throw new Error(`Only ${cut} of ${MOMENTS} runs were cut off: the others had ended.`);
});
