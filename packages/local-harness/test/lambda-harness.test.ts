import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { CreateFunctionCommand, InvokeCommand } from "@aws-sdk/client-lambda";
import { expect, test } from "vitest";
import { openHarness } from "../src/index.ts";
import { isRunning, Place, until } from "./harness-processes.ts";
import { lambdaClientOf, ROLE } from "./lambda-fixture.ts";

/** The Lambda of a harness. */

/** Works on the harness's S3, whose keys are URLs; then does not end. */
const WORKS = `import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
const { AWS_ENDPOINT_URL_S3: s3 } = process.env;
export const handler = async ({ bucket, begun }) => {
  const put = await fetch(s3 + "/" + bucket + "/key", { method: "PUT", body: "of a handler" });
  const got = await (await fetch(s3 + "/" + bucket + "/key")).text();
  if (begun !== undefined) {
    const { pid } = spawn("/bin/sleep", ["600"]);
    writeFileSync(begun, JSON.stringify([process.pid, pid]));
    for (;;);
  }
  return [put.status, got];
};`;

test("handlers work on the harness; its end, even by SIGKILL, is the end of every process of theirs", async () => {
  await using place = await Place.make();
  const harness = await openHarness({ stateDirectory: place.state });
  const { lambda, bucket } = harness.endpoints;
  expect(existsSync(join(place.state, "lambda"))).toBe(false);
  await writeFile(join(place.root, "works.mjs"), WORKS);
  const client = lambdaClientOf(lambda);
  await client.send(
    new CreateFunctionCommand({
      FunctionName: "works",
      Role: ROLE,
      Runtime: "nodejs24.x",
      Handler: "works.handler",
      Timeout: 60,
      Code: { S3Bucket: "hot-reload", S3Key: place.root },
    }),
  );
  const invoke = async (event: object) =>
    (
      await client.send(
        new InvokeCommand({ FunctionName: "works", Payload: JSON.stringify(event) }),
      )
    ).Payload?.transformToString();
  expect(await invoke({ bucket })).toBe('[200,"of a handler"]');

  const begun = join(place.root, "begun");
  const cut = invoke({ bucket, begun });
  cut.catch(() => {});
  await until("the handler works", async () => existsSync(begun), 20_000);
  const pids = JSON.parse(await readFile(begun, "utf8")) as readonly number[];
  for (const pid of pids) expect(await isRunning(pid)).toBe(true);
  process.kill(await place.daemonPid(), "SIGKILL");
  expect((await harness.lost).code).toBe("HARNESS_UNAVAILABLE");
  await expect(cut).rejects.toBeInstanceOf(Error);
  const areGone = async () => (await Promise.all(pids.map(isRunning))).every((is) => !is);
  await until(`${pids.join(", ")} have ended`, areGone, 5_000);
  client.destroy();

  // The functions are there still, and so is what they are about.
  await using next = await openHarness({ stateDirectory: place.state });
  const another = lambdaClientOf(next.endpoints.lambda);
  const again = new InvokeCommand({ FunctionName: "works", Payload: JSON.stringify({ bucket }) });
  const { Payload } = await another.send(again);
  expect(Payload?.transformToString()).toBe('[200,"of a handler"]');
  another.destroy();
});
