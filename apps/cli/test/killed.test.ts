import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Polls until `condition` holds; false when it does not within `ms`. */
async function within(ms: number, condition: () => boolean): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (performance.now() < deadline) {
    if (condition()) return true;
    await new Promise((resolve) => void setImmediate(resolve));
  }
  return condition();
}

test(
  `a run killed at ${MOMENTS} moments, then run once more, has the right figures and leaves nothing running`,
  { timeout: 600_000 },
  async () => {
    const model = emptyModel();
    model.run({ intake: 1n, files: dropsOf(FILES) });
    const expected = expectedTables(model);
    const duration = await undisturbed();
    let cut = 0;

    for (let i = 1; i <= MOMENTS; i++) {
      const moment = `killed after ${Math.round((duration * i) / (MOMENTS + 1))} ms`;
      await using state = await newState();
      await arrive(state);
      const victim = state.start("run", "--run-id", "victim");
      const timer = setTimeout(() => victim.kill("SIGKILL"), (duration * i) / (MOMENTS + 1));
      const { code } = await victim.finished;
      clearTimeout(timer);
      if (code === null) cut++;

      const { code: after, stderr } = await state.topline("run", "--json");
      expect(after, `${moment}: ${stderr}`).toBe(0);
      expect(await tablesOf(state, datesOf(model)), moment).toEqual(expected);
      const status = (await state.topline("status", "--json")).json<{
        inbox: { status: string };
        open_run: string | null;
      }>();
      expect([status.inbox.status, status.open_run], moment).toEqual(["empty", null]);

      const { pid } = JSON.parse(
        await readFile(join(state.directory, "harness.json"), "utf8").catch(() => '{"pid":-1}'),
      ) as { pid: number };
      expect(await within(2_000, () => pid < 0 || !isAlive(pid)), `${moment}: harness ${pid}`).toBe(
        true,
      );
    }
    expect(cut).toBeGreaterThan(MOMENTS / 2);
  },
);
