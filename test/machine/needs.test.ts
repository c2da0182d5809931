import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";

/** What a person sees of suites that their machine cannot run. */

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const VITEST = file("../../node_modules/vitest/vitest.mjs");
const CONFIG = file("fixture/vitest.config.ts");

async function runFixture(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [VITEST, "run", "--config", CONFIG], {
    cwd: file("fixture/"),
    env: { HOME: tmpdir(), PATH: "", NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code: code as number, output: stripVTControlCharacters(stdout + stderr) };
}

/** A program that tells a version, and nothing else. */
async function programs(directory: string, versions: Readonly<Record<string, string>>) {
  for (const [name, version] of Object.entries(versions)) {
    const path = join(directory, name);
    await writeFile(path, `#!/bin/sh\necho '${version}'\n`);
    await chmod(path, 0o755);
  }
}

test("what the machine lacks is skipped, and named at the end with the remedy", async () => {
  const { code, output } = await runFixture({});
  expect(code, output).toBe(0);
  expect(output).toMatch(/1 passed \| 1 skipped/);
  expect(output).toMatch(/SKIPPED, since this machine lacks what they need:/);
  expect(output).toMatch(/ {2}deno: 1 tests\. .*Install Deno/);
  expect(output).toMatch(/ {2}chromium: 1 tests\. .*Install Chromium/);
  expect(output).toContain("    needy.suite.ts");
});

test("with TOPLINE_REQUIRE_ALL=1 each thing that is lacking is a failure", async () => {
  const { code, output } = await runFixture({ TOPLINE_REQUIRE_ALL: "1" });
  expect(code).toBe(1);
  expect(output).toMatch(/2 failed \| 1 passed \| 1 skipped/);
  expect(output).toContain("a page on Deno: this machine has chromium");
});

test("where all is there, the suite runs and nothing is said", async () => {
  const directory = await mkdtemp(join(tmpdir(), "topline-needs-"));
  try {
    await programs(directory, { deno: "deno 2.9.0", chromium: "Chromium 150.0" });
    const { code, output } = await runFixture({ PATH: directory, TOPLINE_REQUIRE_ALL: "1" });
    expect(code, output).toBe(0);
    expect(output).toMatch(/Tests +2 passed/);
    expect(output).not.toContain("SKIPPED");
  } finally {
    await rm(directory, { recursive: true });
  }
});
