import { spawn } from "node:child_process";
import { once } from "node:events";
import { glob } from "node:fs/promises";
import process from "node:process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ROWS } from "../backends/rows.ts";
import { BACKENDS_ON_DENO, LEFT_OUT } from "./left-out.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("what is left out on Deno exists, and so do the backends that are not", async () => {
  for (const { files } of LEFT_OUT) {
    const found = await Array.fromAsync(glob(files, { cwd: root }));
    expect(found, files).not.toEqual([]);
  }
  const rows = Object.values(ROWS).map(({ name }) => name);
  expect(rows).toEqual(expect.arrayContaining([...BACKENDS_ON_DENO]));
});

test("the run on Deno fails on any other runtime", async () => {
  const suite = "packages/core/test/vocabulary.test.ts";
  const child = spawn(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", "--config", "test/deno/vitest.config.ts", suite],
    { cwd: root, env: { PATH: process.env["PATH"], NO_COLOR: "1" } },
  );
  const [printed, said, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  expect(code, printed + said).toBe(1);
  expect(said).toContain(`The run on Deno 2 is run by ${process.execPath}`);
});
