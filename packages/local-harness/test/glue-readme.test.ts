import { readFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runExample } from "../../../test/example.ts";
import { stagedGlue } from "./glue-fixture.ts";

test("the Glue example of the adapters' README prints what it says", async () => {
  await using glue = await stagedGlue();
  const folder = fileURLToPath(new URL("../../aws-adapters", import.meta.url));
  const readme = await readFile(`${folder}/README.md`, "utf8");
  const section = readme.slice(readme.indexOf("\n## Glue\n"));
  const [code = "", output] = [...section.matchAll(/```\w*\n([\s\S]*?)```/g)].map(
    ([, block]) => block,
  );
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL_GLUE: glue.server.endpoint,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "topline",
    AWS_SECRET_ACCESS_KEY: "topline",
  };
  expect(await runExample(code, { folder, env })).toBe(output);
});
