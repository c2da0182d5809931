import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** What the background process of the embedded backend loads before it serves: each package is felt in its start. */

const MODULES = [
  "harness/run",
  "harness/embedded",
  "s3-server/index",
  "dynamodb/index",
  "harness/glue",
  "harness/lambda",
].map((name) => fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url)));

const TELL_LOADED = `
  const loaded = [];
  process.getBuiltinModule("node:module").registerHooks({
    load(url, context, next) {
      loaded.push(url);
      return next(url, context);
    },
  });
  for (const module of process.argv.slice(1)) await import(module);
  console.log(JSON.stringify(loaded));
`;

test("the embedded harness loads no package but its own files and a few of core's", async () => {
  const options = ["--conditions=@topline/source", "--input-type=module", "--eval", TELL_LOADED];
  const { stdout } = await promisify(execFile)(process.execPath, [...options, "--", ...MODULES]);
  const urls = JSON.parse(stdout) as string[];
  const files = urls.filter((url) => url.startsWith("file:"));
  expect(files.length).toBeGreaterThan(20);
  const foreign = files
    .map((url) => url.replace(/^.*\/packages\//, ""))
    .filter((name) => !name.startsWith("local-harness/src/"));
  expect(foreign.sort()).toEqual(["core/src/code-points.ts", "core/src/errors.ts"]);
});
