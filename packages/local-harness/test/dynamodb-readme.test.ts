import { readFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { runExample } from "../../../test/example.ts";
import { startContractDynamo } from "./contract-dynamodb.ts";

const dynamo = await startContractDynamo();
afterAll(() => dynamo[Symbol.asyncDispose]());

test("the DynamoDB example of the adapters' README prints what it says", async () => {
  const folder = fileURLToPath(new URL("../../aws-adapters", import.meta.url));
  const readme = await readFile(`${folder}/README.md`, "utf8");
  const section = readme.slice(readme.indexOf("\n## DynamoDB\n"));
  const [code = "", output] = [...section.matchAll(/```\w*\n([\s\S]*?)```/g)].map(
    ([, block]) => block,
  );
  const printed = await runExample(code, {
    folder,
    env: {
      ...process.env,
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "topline",
      AWS_SECRET_ACCESS_KEY: "topline",
    },
  });
  // Deno's console quotes texts otherwise.
  expect(printed.replaceAll('"', "'")).toBe(output);
});
