import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runExample } from "../../../test/example.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));

test("the example of the README runs, and prints what it says", async () => {
  const readme = await readFile(`${folder}/README.md`, "utf8");
  const example = /^```ts\n(.*?)^```/ms.exec(readme)?.[1] ?? "";
  const said = /^It prints `(.*)`\.$/m.exec(readme)?.[1];
  expect((await runExample(example, { folder })).trim()).toBe(said);
});
