import { execFile } from "node:child_process";
import { expect, test } from "vitest";
import { describeNeeding } from "../needs.ts";

/** The Python of a folder is judged and formatted by ruff, as the pyproject.toml in it says. */
export function describeRuff(folder: string): void {
  describeNeeding(["python"], "ruff", ({ python }) => {
    const ruff = (...args: string[]) =>
      new Promise<string>((resolve) => {
        const command = ["-m", "ruff", ...args, "--no-cache", "."];
        execFile(python, command, { cwd: folder }, (error, stdout, stderr) => {
          resolve(error === null ? "" : `${stdout}${stderr}`);
        });
      });

    test("finds nothing to say of the code", async () => {
      expect(await ruff("check")).toBe("");
    });

    test("would format nothing otherwise", async () => {
      expect(await ruff("format", "--diff")).toBe("");
    });
  });
}
