import { readFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startHarness } from "../../../test/backends/harness.ts";
import { runExample } from "../../../test/example.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));

test("the example of the README runs, and prints what it says", async () => {
  const readme = await readFile(`${folder}/README.md`, "utf8");
  const [code = "", output] = [...readme.matchAll(/```\w*\n([\s\S]*?)```/g)].map(
    ([, block]) => block,
  );
  await using cloud = await startHarness("embedded");
  const printed = await runExample(code, {
    folder,
    env: {
      ...process.env,
      AWS_ENDPOINT_URL_S3: cloud.s3,
      AWS_ENDPOINT_URL_DYNAMODB: cloud.dynamodb,
      AWS_REGION: cloud.region,
      AWS_ACCESS_KEY_ID: cloud.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: cloud.credentials.secretAccessKey,
    },
  });
  // Deno's console quotes texts otherwise.
  expect(printed.replaceAll('"', "'")).toBe(output);
});
