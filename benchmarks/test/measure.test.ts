import { expect, test } from "vitest";
import { runMeasured } from "../src/measure/process.ts";

const hold = (megabytes: number) =>
  `const held = Buffer.alloc(${megabytes} * 2 ** 20, 1); setTimeout(() => console.log(held.length), 300);`;

test("a process is told with its time and the most that it held", async () => {
  const { cost, stdout } = await runMeasured(["--eval", hold(200)]);
  expect(stdout).toBe(`${200 * 2 ** 20}\n`);
  expect(cost.seconds).toBeGreaterThan(0.3);
  expect(cost.peakBytes).toBeGreaterThan(200 * 2 ** 20);
  expect(cost.cpuSeconds).toBeGreaterThan(0);
});

test("what its children hold counts", async () => {
  const parent = `process.getBuiltinModule("node:child_process")
    .spawn(process.execPath, ["--eval", ${JSON.stringify(hold(300))}]);`;
  const { cost } = await runMeasured(["--eval", parent]);
  expect(cost.peakBytes).toBeGreaterThan(300 * 2 ** 20);
});

test("a process that fails fails the measurement, with what it said", async () => {
  const failing = runMeasured(["--eval", 'console.error("no such luck"); process.exit(3)']);
  await expect(failing).rejects.toThrow(/ended with 3[^]*no such luck/);
});
