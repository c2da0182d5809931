import { dirname } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { newState } from "./topline.ts";

/** `up --airflow` where it cannot be; `apps/airflow` shows it where it can. */

test("without uv it is a fault with the remedy, and the harness ends with it", async () => {
  await using state = await newState({ PATH: dirname(process.execPath) });
  const { code, ...up } = await state.topline("up", "--airflow", "--json");
  expect(code).toBe(1);
  expect(up.json()).toMatchObject({
    error: {
      code: "ENGINE_UNAVAILABLE",
      message: expect.stringMatching(/Airflow cannot run here.*Install uv/) as string,
    },
  });
});

test.each([
  [["--airflow-port", "8080"], "add --airflow"],
  [["--airflow", "--airflow-port", "http"], "is no port"],
])("%j is wrong use", async (args, told) => {
  await using state = await newState();
  const { code, stderr } = await state.topline("up", ...args);
  expect([code, stderr]).toEqual([2, expect.stringContaining(told)]);
});
