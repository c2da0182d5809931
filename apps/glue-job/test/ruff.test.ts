import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { describeNeeding } from "../../../test/needs.ts";

/** The Python of this folder is judged and formatted by ruff, as its pyproject.toml says. */

const folder = fileURLToPath(new URL("../", import.meta.url));

describeNeeding(["python"], "ruff", ({ python }) => {
  const ruff = (...args: string[]) =>
    new Promise<string>((resolve) => {
      const command = ["-m", "ruff", ...args, "--no-cache", "."];
      execFile(python, command, { cwd: folder }, (error, stdout, stderr) => {
        resolve(error === null ? "" : `${stdout}${stderr}`);
      });
    });

  test("finds nothing to say of the job's code", async () => {
    expect(await ruff("check")).toBe("");
  });

  test("would format nothing otherwise", async () => {
    expect(await ruff("format", "--diff")).toBe("");
  });
});
