import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runExample } from "../../../test/example.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));

test("the examples of the README run, and say what it says", async () => {
  const readme = await readFile(`${folder}/README.md`, "utf8");
  const examples = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1] ?? "");
  const printed = await Promise.all(examples.map((code) => runExample(code, { folder })));
  expect(printed).toHaveLength(2);
  expect(printed[0]).toContain("positions: { user_id: 0, track_id: 1, listen_time: 2 }");
  // Deno's console quotes texts otherwise.
  expect(printed[0]?.replaceAll('"', "'")).toContain("{ ok: false, reason: 'missing:track_id' }");
  expect(printed[0]).toContain("-- streams: one row a record\nWITH");
});
