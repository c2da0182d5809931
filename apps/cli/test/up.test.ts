import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { GetJobCommand, GlueClient } from "@aws-sdk/client-glue";
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { expect, test } from "vitest";
import { emptyModel } from "../../../test/model/model.ts";
import { describeNeeding } from "../../../test/needs.ts";
import { openBucket } from "./bucket.ts";
import { datesOf, dropsOf, expectedTables, type Files, sample, tablesOf } from "./inbox.ts";
import { newState, type TestState } from "./topline.ts";

/** What `topline up` makes for an orchestrator. */

interface Endpoints {
  readonly s3: string;
  readonly glue: string;
  readonly lambda: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Runs until it is told to stop. */
async function up(state: TestState) {
  const running = state.start("up", "--json");
  const [text] = (await running.spoken) as [string];
  return {
    endpoints: JSON.parse(text) as Endpoints,
    async stop() {
      running.kill("SIGINT");
      return running.finished;
    },
  };
}

const clientOf = ({ region, accessKeyId, secretAccessKey }: Endpoints, endpoint: string) => ({
  endpoint,
  region,
  credentials: { accessKeyId, secretAccessKey },
  maxAttempts: 1,
});

const STEPS = ["archive", "transform", "validate"];
const FILES: Files = Object.fromEntries(
  ["users", "songs", "streams/streams1", "streams/streams2", "streams/streams3"].map((name) => [
    `${name}.csv`,
    sample(`${name}.csv`),
  ]),
);

test("the steps are functions: the real day by Lambda alone equals an independent computation", async () => {
  await using state = await newState();
  const first = await up(state);
  const client = new LambdaClient(clientOf(first.endpoints, first.endpoints.lambda));
  const invoke = async (step: string, event: object) => {
    const command = { FunctionName: `topline-${step}`, Payload: JSON.stringify(event) };
    const answer = await client.send(new InvokeCommand(command));
    const text = answer.Payload?.transformToString() ?? "";
    return { error: answer.FunctionError, ...(JSON.parse(text) as object) };
  };
  const { Functions = [] } = await client.send(new ListFunctionsCommand({}));
  expect(Functions.map(({ FunctionName }) => FunctionName)).toEqual(
    STEPS.map((step) => `topline-${step}`),
  );
  expect(Functions.map(({ Timeout, MemorySize }) => [Timeout, MemorySize])).toEqual(
    STEPS.map(() => [900, 3008]),
  );

  await using bucket = await openBucket(state);
  for (const [name, content] of Object.entries(FILES))
    await bucket.put(`raw-data/${name}`, content);
  const ready = { status: "ready", run_id: "by-lambda-1", accepted: 5, rejected: 0 };
  expect(await invoke("validate", { run_id: "by-lambda-1" })).toMatchObject(ready);
  const transformed = await invoke("transform", { run_id: "by-lambda-1" });
  expect(transformed).toMatchObject({ run_id: "by-lambda-1", quarantined: 0, refused: 0 });
  expect(await invoke("archive", { run_id: "by-lambda-1" })).toMatchObject({
    status: "succeeded",
    archived: 5,
    report: "runs/by-lambda-1/report.json",
  });

  const model = emptyModel();
  model.run({ intake: 1n, files: dropsOf(FILES) });
  expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
  expect(await bucket.keys("raw-data/")).toEqual([]);
  for (const step of STEPS) {
    const log = join(state.directory, "lambda", "logs", `topline-${step}.log`);
    expect(await readFile(log, "utf8"), step).toContain('"run_id":"by-lambda-1"');
  }

  // A second one joins, and makes them anew.
  const second = await up(state);
  expect(second.endpoints).toEqual(first.endpoints);
  expect(await invoke("validate", { run_id: "r2" })).toMatchObject({ status: "nothing-to-do" });
  expect(await invoke("validate", { run_id: "../" })).toMatchObject({
    error: "Unhandled",
    errorType: "ToplineFault",
    errorMessage: expect.stringMatching(/^RUN_ID_INVALID: /) as string,
  });
  client.destroy();
  for (const { code } of await Promise.all([first.stop(), second.stop()])) expect(code).toBe(0);
});

test("where a machine cannot make the Glue job, it is told, and the rest is there", async () => {
  await using state = await newState();
  const running = state.start("up");
  await running.said("Ready.");
  running.kill("SIGINT");
  const { code, stdout } = await running.finished;
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Functions {4}topline-validate, topline-transform, topline-archive$/m);
  expect(stdout).toMatch(/^Glue job {5}none\. .*\buv\b/m);
});

describeNeeding(["uv"], "topline up with uv", () => {
  test("the transform is a Glue job, too", async () => {
    await using state = await newState({
      PATH: process.env["PATH"] ?? "",
      HOME: process.env["HOME"] ?? "",
    });
    const running = await up(state);
    const { endpoints } = running;
    const client = new GlueClient(clientOf(endpoints, endpoints.glue));
    const { Job } = await client.send(new GetJobCommand({ JobName: "topline-transform" }));
    expect(Job?.Command?.ScriptLocation).toMatch(/^s3:\/\/topline\/.*\/topline_job\.py$/);
    client.destroy();
    expect((await running.stop()).code).toBe(0);
  });
});
