import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  DeleteFunctionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { expect, test } from "vitest";
import { isRunning, until } from "./harness-processes.ts";
import { LambdaStage } from "./lambda-fixture.ts";

/** Execution environments: processes that are taken up again, and ended. */

/** Tells its process and how often it was called; works until a file is there, where one is named. */
const TELLS = `import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
let calls = 0;
export const handler = async ({ begun, until, endless }) => {
  const child = endless ? spawn("/bin/sleep", ["600"]).pid : 0;
  if (begun) writeFileSync(begun, JSON.stringify([process.pid, child]));
  while (endless);
  while (until && !existsSync(until)) await setTimeout(5);
  return { pid: process.pid, calls: ++calls, colour: process.env.COLOUR };
};`;

interface Told {
  readonly pid: number;
  readonly calls: number;
  readonly colour?: string;
}

async function stage(options: Parameters<typeof LambdaStage.open>[0] = {}) {
  const lambda = await LambdaStage.open(options);
  await lambda.make("f", TELLS, { Timeout: 60 });
  const call = async (event: object = {}) => (await lambda.call("f", event)).value as Told;
  return { lambda, call, [Symbol.asyncDispose]: () => lambda[Symbol.asyncDispose]() };
}

const untilGone = (pid: number) =>
  until(`process ${pid} has ended`, async () => !(await isRunning(pid)), 5_000);

async function pidsIn(file: string): Promise<readonly number[]> {
  let text = "";
  const isWhole = async () => (text = await readFile(file, "utf8").catch(() => "")).endsWith("]");
  await until(`${file} is written`, isWhole, 20_000);
  return JSON.parse(text) as readonly number[];
}

test("one process serves one invocation after another", async () => {
  await using place = await stage();
  const first = await place.call();
  const second = await place.call();
  expect([first.calls, second.calls]).toEqual([1, 2]);
  expect(second.pid).toBe(first.pid);
});

test("twenty invocations at once have a process each, and those are taken up again", async () => {
  await using place = await stage();
  const { lambda, call } = place;
  const go = join(lambda.root, "go");
  const begun = Array.from({ length: 20 }, (_, i) => join(lambda.root, `begun-${i}`));
  const called = Promise.all(begun.map((file) => call({ begun: file, until: go })));
  await Promise.race([called, Promise.all(begun.map(pidsIn))]);
  await lambda.write("../go", "");
  const told = await called;
  expect(new Set(told.map(({ pid }) => pid)).size).toBe(20);
  expect(told.map(({ calls }) => calls)).toEqual(told.map(() => 1));
  const again = await call();
  expect(again.calls).toBe(2);
  expect(told.map(({ pid }) => pid)).toContain(again.pid);
  await lambda.server.close();
  await Promise.all(told.map(({ pid }) => untilGone(pid)));
});

test("no more invocations than allowed are under way; queued ones wait for their turn", async () => {
  await using place = await stage({ concurrency: 1 });
  const { lambda, call } = place;
  const go = join(lambda.root, "go");
  const begun = join(lambda.root, "begun");
  const first = call({ begun, until: go });
  await pidsIn(begun);
  await expect(call()).rejects.toMatchObject({
    name: "TooManyRequestsException",
    Reason: "ConcurrentInvocationLimitExceeded",
    $metadata: { httpStatusCode: 429 },
  });
  const queued = join(lambda.root, "queued");
  await lambda.call("f", { begun: queued }, { InvocationType: "Event" });
  await lambda.write("../go", "");
  const { pid } = await first;
  expect(await pidsIn(queued)).toEqual([pid, 0]);
});

test("an environment that nobody needs ends, and its work space goes with it", async () => {
  await using place = await stage({ idleMs: 50 });
  const { pid } = await place.call();
  await untilGone(pid);
  const work = join(place.lambda.directory, "work");
  await until("its work space is gone", async () => (await readdir(work)).length === 0, 5_000);
  expect((await place.call()).calls).toBe(1);
});

test.each([
  new UpdateFunctionConfigurationCommand({
    FunctionName: "f",
    Environment: { Variables: { COLOUR: "red" } },
  }),
  new UpdateFunctionCodeCommand({ FunctionName: "f", S3Bucket: "hot-reload", S3Key: "" }),
])("%o ends what is idle, and what is busy once it has answered", async (command) => {
  await using place = await stage();
  const { lambda, call } = place;
  if ("S3Key" in command.input) command.input.S3Key = lambda.code;
  const go = join(lambda.root, "go");
  const begun = join(lambda.root, "begun");
  const busy = call({ begun, until: go });
  const [busyPid = 0] = await pidsIn(begun);
  const idle = await call();
  await lambda.write("f.mjs", TELLS.replace("let calls = 0", "let calls = 100"));
  await lambda.client.send(command);
  await untilGone(idle.pid);
  const after = await call();
  expect(after.calls).toBe(101);
  expect(after.colour).toBe("S3Key" in command.input ? undefined : "red");
  expect(await isRunning(busyPid)).toBe(true);
  await lambda.write("../go", "");
  expect(await busy).toMatchObject({ pid: busyPid, calls: 1 });
  await untilGone(busyPid);
});

test("a function that is deleted while it works answers, and is gone then", async () => {
  await using place = await stage();
  const { lambda, call } = place;
  const go = join(lambda.root, "go");
  const begun = join(lambda.root, "begun");
  const busy = call({ begun, until: go });
  const [pid = 0] = await pidsIn(begun);
  await lambda.client.send(new DeleteFunctionCommand({ FunctionName: "f" }));
  await expect(call()).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  await lambda.write("../go", "");
  expect(await busy).toMatchObject({ calls: 1 });
  await untilGone(pid);
});

test("a handler that takes too long is killed with what it started, even in an endless loop", async () => {
  await using place = await stage();
  const { lambda } = place;
  await lambda.client.send(
    new UpdateFunctionConfigurationCommand({ FunctionName: "f", Timeout: 1 }),
  );
  const begun = join(lambda.root, "begun");
  const { value, error, log, requestId } = await lambda.call(
    "f",
    { begun, endless: true },
    { LogType: "Tail" },
  );
  expect(error).toBe("Unhandled");
  expect(value).toEqual({
    errorType: "Sandbox.Timedout",
    errorMessage: `RequestId: ${requestId} Error: Task timed out after 1.00 seconds`,
  });
  expect(log).toMatch(/ Task timed out after 1\.00 seconds\nEND /);
  expect(log).toMatch(/\tDuration: [1-9]\d{3,}\.\d\d ms\t.*\tStatus: timeout\n$/);
  const pids = await pidsIn(begun);
  expect(pids.filter((pid) => pid > 0)).toHaveLength(2);
  await Promise.all(pids.map(untilGone));
  expect((await place.call()).calls).toBe(1);
});

test("the end of the server ends what is under way, however stubborn", async () => {
  await using place = await stage();
  const begun = join(place.lambda.root, "begun");
  const cut = place.call({ begun, endless: true });
  cut.catch(() => {});
  const pids = await pidsIn(begun);
  await place.lambda.server.close();
  for (const pid of pids) expect(await isRunning(pid)).toBe(false);
  await expect(cut).rejects.toBeInstanceOf(Error);
});

const FAILS = `import { appendFileSync, readFileSync } from "node:fs";
export const handler = async ({ file, times }, { awsRequestId }) => {
  appendFileSync(file, awsRequestId + "\\n");
  if (readFileSync(file, "utf8").trim().split("\\n").length <= times) throw new Error("not yet");
};`;

test.each([
  [0, 1],
  [1, 2],
  [9, 3],
])(
  "an event whose handler fails %i times is tried %i times, as one request",
  async (times, tries) => {
    await using lambda = await LambdaStage.open({ retryMs: [10, 10] });
    await lambda.make("fails", FAILS);
    const file = join(lambda.root, "tries");
    const asEvent = { InvocationType: "Event" } as const;
    const { status, value, requestId } = await lambda.call("fails", { file, times }, asEvent);
    expect([status, value]).toEqual([202, undefined]);
    const ends = async () => (await lambda.log("fails").catch(() => "")).match(/^REPORT/gm)?.length;
    await until("all tries are over", async () => (await ends()) === tries, 20_000);
    // A try more would come within this call, which takes the same environment.
    await lambda.call("fails", { file: join(lambda.root, "other"), times: 0 });
    expect(await readFile(file, "utf8")).toBe(`${requestId}\n`.repeat(tries));
  },
);
