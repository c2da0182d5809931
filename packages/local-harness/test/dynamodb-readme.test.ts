import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
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
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=@topline/source", "--input-type=module-typescript", "--eval", code],
    {
      cwd: folder,
      env: {
        ...process.env,
        AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
        AWS_REGION: "us-east-1",
        AWS_ACCESS_KEY_ID: "topline",
        AWS_SECRET_ACCESS_KEY: "topline",
      },
    },
  );
  expect(stdout).toBe(output);
});
