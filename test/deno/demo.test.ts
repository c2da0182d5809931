import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { denoItself } from "../example.ts";
import { describeNeeding } from "../needs.ts";

const MAIN = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url));
const README = new URL("../../apps/cli/README.md", import.meta.url);

/** It starts a harness and reads the real data each time. */
const DEMOS_MS = 300_000;

async function permissionsOfReadme(): Promise<string[]> {
  const readme = await readFile(README, "utf8");
  const [, flags] = /^deno run (.*) npm:@topline\/cli demo$/m.exec(readme) ?? [];
  if (flags === undefined) throw new Error("The README of the command says nothing of Deno.");
  return flags.split(" ");
}

describeNeeding(["deno"], "the demo on Deno", (paths) => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "topline-deno-demo-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }));

  async function demo(flags: readonly string[]) {
    const deno = await denoItself(paths.deno);
    const args = ["run", "--no-prompt", "--conditions=@topline/source", ...flags, MAIN, "demo"];
    const PATH = `${dirname(deno)}:/bin`;
    const env = { HOME: process.env["HOME"], PATH, NO_COLOR: "1" };
    return new Promise<{ failed: boolean; stdout: string; stderr: string }>((resolve) => {
      execFile(deno, args, { cwd: folder, env }, (error, stdout, stderr) =>
        resolve({ failed: error !== null, stdout, stderr }),
      );
    });
  }

  test("shows the real day's figures, with the permissions that the README names", async () => {
    const { failed, stdout, stderr } = await demo(await permissionsOfReadme());
    expect(failed, stderr).toBe(false);
    for (const [genre, count] of [
      ["children", 418],
      ["anime", 415],
      ["disney", 413],
      ["cantopop", 407],
      ["happy", 395],
    ]) {
      expect(stdout).toMatch(new RegExp(`^2024-06-25 +${genre} +${count} `, "m"));
    }
  });

  test("needs each of them, and says which one is missing", { timeout: DEMOS_MS }, async () => {
    const permissions = await permissionsOfReadme();
    for (const one of permissions) {
      const { failed, stderr } = await demo(permissions.filter((other) => other !== one));
      expect(failed, one).toBe(true);
      expect(stderr, one).toContain(/^--allow-\w+/.exec(one)?.[0]);
    }
  });
});
