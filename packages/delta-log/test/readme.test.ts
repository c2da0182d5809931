import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { execPath } from "node:process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("the example of the README runs, and prints what it says", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const example = /^```ts\n(.*?)^```/ms.exec(readme)?.[1] ?? "";
  const said = /^It prints `(.*)`\.$/m.exec(readme)?.[1];
  const { stdout } = await promisify(execFile)(
    execPath,
    ["--conditions=@topline/source", "--input-type=module-typescript", "--eval", example],
    { cwd: new URL("..", import.meta.url) },
  );
  expect(stdout.trim()).toBe(said);
});
