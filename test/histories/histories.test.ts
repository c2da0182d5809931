import process from "node:process";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { histories } from "./actions.ts";
import { playHistory } from "./play-history.ts";

/** `HISTORIES=1000 npx -y pnpm@12 test test/histories` plays a thousand; `HISTORIES_SEED` plays the same again. */
const numRuns = Number(process.env["HISTORIES"] ?? 50);
const seed = Number(process.env["HISTORIES_SEED"] ?? Date.now() % 2 ** 31);

test("whatever happens, in whatever order, ends right", { timeout: 3_600_000 }, async () => {
  process.stdout.write(`${numRuns} histories of seed ${seed}\n`);
  await fc.assert(
    fc.asyncProperty(histories, async (actions) => {
      expect(await playHistory(actions)).toEqual([]);
    }),
    { numRuns, seed },
  );
});
