import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { execPath } from "node:process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("the examples of the README run, and say what it says", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const examples = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1] ?? "");
  const printed = await Promise.all(examples.map(run));
  expect(printed).toHaveLength(2);
  expect(printed[0]).toContain("positions: { user_id: 0, track_id: 1, listen_time: 2 }");
  expect(printed[0]).toContain("{ ok: false, reason: 'missing:track_id' }");
  expect(printed[0]).toContain("-- streams: one row a record\nWITH");
});

async function run(example: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    execPath,
    ["--conditions=@topline/source", "--input-type=module-typescript", "--eval", example],
    { cwd: new URL("..", import.meta.url) },
  );
  return stdout;
}
