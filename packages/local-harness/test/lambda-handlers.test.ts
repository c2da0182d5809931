import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { expect, test } from "vitest";
import { LambdaStage, NOWHERE } from "./lambda-fixture.ts";

/** What a handler sees, and what is told of what it does. */

const REQUEST_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

test("a handler sees its event, its context, and the environment that Lambda gives, alone", async () => {
  await using lambda = await LambdaStage.open();
  process.env["TOPLINE_TEST_LEAK"] = "of the user";
  const Variables = { COLOUR: "blue", AWS_ENDPOINT_URL_S3: "http://proxy.invalid", PATH: "/bin" };
  await lambda.make(
    "sees",
    `import { tmpdir } from "node:os";
     import { statSync } from "node:fs";
     export const handler = async (event, context) => ({
       event, context, left: context.getRemainingTimeInMillis(), env: { ...process.env },
       cwd: process.cwd(), zone: new Date().getTimezoneOffset(),
       tmp: tmpdir(), isFolder: statSync(tmpdir()).isDirectory(),
     });`,
    { Timeout: 30, MemorySize: 512, Environment: { Variables } },
  );
  const ClientContext = btoa(
    JSON.stringify({ custom: { who: "\u00fc" } }).replace("\u00fc", "\\u00fc"),
  );
  const { value, requestId, status, error } = await lambda.call(
    "sees",
    { a: [1, "ü"] },
    { ClientContext },
  );
  delete process.env["TOPLINE_TEST_LEAK"];
  expect([status, error]).toEqual([200, undefined]);
  expect(requestId).toMatch(REQUEST_ID);
  const seen = value as {
    readonly env: Readonly<Record<string, string>>;
    readonly left: number;
    readonly tmp: string;
  };
  const logStreamName = seen.env["AWS_LAMBDA_LOG_STREAM_NAME"];
  expect(logStreamName).toMatch(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
  expect(seen).toMatchObject({
    event: { a: [1, "ü"] },
    cwd: lambda.code,
    zone: 0,
    isFolder: true,
    context: {
      awsRequestId: requestId,
      functionName: "sees",
      functionVersion: "$LATEST",
      invokedFunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:sees",
      memoryLimitInMB: "512",
      logGroupName: "/aws/lambda/sees",
      logStreamName,
      clientContext: { custom: { who: "ü" } },
    },
  });
  expect(seen.left).toBeGreaterThan(25_000);
  expect(seen.left).toBeLessThanOrEqual(30_000);
  expect(seen.tmp.startsWith(join(lambda.directory, "work"))).toBe(true);
  const { env } = seen;
  expect(env).toMatchObject({
    _HANDLER: "sees.handler",
    _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=/) as string,
    AWS_ACCESS_KEY_ID: NOWHERE.accessKeyId,
    AWS_SECRET_ACCESS_KEY: NOWHERE.secretAccessKey,
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL_S3: "http://proxy.invalid",
    AWS_ENDPOINT_URL_DYNAMODB: NOWHERE.dynamodb,
    AWS_ENDPOINT_URL_GLUE: NOWHERE.glue,
    AWS_ENDPOINT_URL_LAMBDA: lambda.server.endpoint,
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_LAMBDA_FUNCTION_NAME: "sees",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/sees",
    LAMBDA_TASK_ROOT: lambda.code,
    COLOUR: "blue",
    PATH: "/bin",
    TZ: ":UTC",
    PWD: lambda.code,
  });
  for (const name of ["HOME", "USER", "NODE_OPTIONS", "TOPLINE_TEST_LEAK", "VITEST"]) {
    expect(env, name).not.toHaveProperty(name);
  }
});

test("no payload is an empty event, and nothing returned is null", async () => {
  await using lambda = await LambdaStage.open();
  await lambda.make("echo", "export const handler = (event) => event.nothing ? undefined : event;");
  const { Payload, ExecutedVersion } = await lambda.client.send(
    new InvokeCommand({ FunctionName: "echo" }),
  );
  expect(Payload?.transformToString()).toBe("{}");
  expect(ExecutedVersion).toBe("$LATEST");
  expect((await lambda.call("echo", { nothing: true })).value).toBeNull();
  expect((await lambda.call("echo", "text")).value).toBe("text");
});

test.each([
  ["index.mjs", "export const handler = () => 1;", "index.handler"],
  ["index.cjs", "exports.handler = async () => 1;", "index.handler"],
  [
    "index.cjs",
    "module.exports = Object.create({}, { handler: { enumerable: true, value: () => 1 } });",
    "index.handler",
  ],
  [
    "index.ts",
    "type One = 1; export const handler = async (): Promise<One> => 1;",
    "index.handler",
  ],
  ["index.mjs", "export const api = { v1: { handler: () => 1 } };", "index.api.v1.handler"],
  ["in.mjs", "export const handler = () => 1;", "./in.handler"],
])("a handler may lie in %s: %s, as %s", async (file, text, Handler) => {
  await using lambda = await LambdaStage.open();
  await lambda.write(file, text);
  await lambda.create("f", { Handler });
  const { value, error, log } = await lambda.call("f", {}, { LogType: "Tail" });
  expect([value, error], log).toEqual([1, undefined]);
});

const THROWS = `class ToplineFault extends Error { name = "ToplineFault"; }
export const handler = async ({ what }) => {
  if (what === "error") throw new ToplineFault("STORE_REFUSED: no");
  if (what === "text") throw "a text";
  if (what === "nothing") throw undefined;
  if (what === "circle") { const a = {}; a.a = a; return a; }
  if (what === "exit 0") process.exit(0);
  if (what === "exit 3") process.exit(3);
  if (what === "kill") process.kill(process.pid, "SIGKILL");
  if (what === "later") { setTimeout(() => { throw new RangeError("later"); }); await new Promise((r) => setTimeout(r, 5000)); }
  if (what === "rejected") { void Promise.reject(new Error("nobody")); await new Promise((r) => setTimeout(r, 5000)); }
  if (what === "never") await new Promise(() => {});
  return "fine";
};`;

const EXIT = "Runtime.ExitError";

test.each([
  ["error", "ToplineFault", /^STORE_REFUSED: no$/],
  ["text", "string", /^a text$/],
  ["nothing", "undefined", /^undefined$/],
  ["circle", "Error", /^Unable to stringify response body$/],
  ["exit 0", EXIT, /^RequestId: \S+ Error: Runtime exited without providing a reason$/],
  ["exit 3", EXIT, /^RequestId: \S+ Error: Runtime exited with error: exit status 3$/],
  ["kill", EXIT, /^RequestId: \S+ Error: Runtime exited with error: signal: killed$/],
  ["later", "RangeError", /^later$/],
  ["rejected", "Runtime.UnhandledPromiseRejection", /^Error: nobody$/],
  ["never", "Runtime.NodeJsExit", /never settled/],
])("%s is told as %s, and the next invocation is fine", async (what, errorType, errorMessage) => {
  await using lambda = await LambdaStage.open();
  await lambda.make("throws", THROWS, { Timeout: 20 });
  const { status, value, error, log } = await lambda.call("throws", { what }, { LogType: "Tail" });
  expect([status, error], log).toEqual([200, "Unhandled"]);
  expect(value).toMatchObject({
    errorType,
    errorMessage: expect.stringMatching(errorMessage) as string,
  });
  expect(log).toMatch(new RegExp(`^START RequestId: .*\n(.*\n)*.*${errorType}(.*\n)*REPORT`, "m"));
  const next = await lambda.call("throws", {});
  expect([next.value, next.error]).toEqual(["fine", undefined]);
});

test("what a handler throws is told with its trace", async () => {
  await using lambda = await LambdaStage.open();
  await lambda.make("throws", THROWS);
  const { value } = await lambda.call("throws", { what: "error" });
  const { trace } = value as { readonly trace: readonly string[] };
  expect(trace[0]).toBe("ToplineFault: STORE_REFUSED: no");
  expect(trace[1]).toMatch(/^ {4}at .*handler.*throws\.mjs:3/);
});

test.each([
  ["none.handler", "", "Runtime.ImportModuleError", /^Error: Cannot find module 'none'/],
  ["f.handler", 'import "no-such-package";', "Runtime.ImportModuleError", /no-such-package/],
  [
    "f.nothing",
    "export const handler = 1;",
    "Runtime.HandlerNotFound",
    /^f\.nothing is undefined or not exported$/,
  ],
  [
    "f.handler",
    "export const handler = 1;",
    "Runtime.HandlerNotFound",
    /^f\.handler is not a function$/,
  ],
  ["f.handler", "export const handler = (", "Runtime.UserCodeSyntaxError", /SyntaxError: /],
  ["f.handler", 'throw new TypeError("at once")', "TypeError", /^at once$/],
  ["f.handler", "process.exit(7)", "Runtime.ExitError", /exit status 7$/],
  [
    "f.handler",
    "export const handler = (event, context, done) => done();",
    "Runtime.CallbackHandlerDeprecated",
    /callback/,
  ],
  ["handler", "", "Runtime.MalformedHandlerName", /^Bad handler$/],
  ["../f.handler", "", "Runtime.MalformedHandlerName", /is not a valid handler name/],
])("what cannot be loaded, %s of %j, is told as %s", async (Handler, text, errorType, message) => {
  await using lambda = await LambdaStage.open();
  await lambda.make("f", text, { Handler });
  const { value, error, log } = await lambda.call("f", {}, { LogType: "Tail" });
  expect(error).toBe("Unhandled");
  expect(value).toMatchObject({
    errorType,
    errorMessage: expect.stringMatching(message) as string,
  });
  expect(log).toContain(errorType);
});

test("a folder that is not there is told with its name", async () => {
  await using lambda = await LambdaStage.open();
  await lambda.create("f", { Code: { S3Bucket: "hot-reload", S3Key: "/no/such/folder" } });
  expect((await lambda.call("f")).value).toMatchObject({
    errorType: "Runtime.ImportModuleError",
    errorMessage: expect.stringContaining("/no/such/folder") as string,
  });
});

test("what is logged comes with the answer, its last 4 KB, and lies in the function's log", async () => {
  await using lambda = await LambdaStage.open();
  await lambda.make(
    "talks",
    `import { spawnSync } from "node:child_process";
     export const handler = async ({ lines }) => {
       for (let i = 0; i < lines; i++) console.log("line\\n%d", i, { a: 1 });
       console.error(new Error("told"));
       process.stderr.write("raw, ");
       process.stdout.write("no end \\0 of line");
       spawnSync("/bin/sh", ["-c", "echo of a child"], { stdio: "inherit" });
     };`,
  );
  const first = await lambda.call("talks", { lines: 1 }, { LogType: "Tail" });
  const { requestId } = first;
  const lines = first.log.split("\n");
  expect(lines[0]).toBe(`START RequestId: ${requestId} Version: $LATEST`);
  expect(lines[1]).toMatch(/^\d{4}-\S+Z\t[-0-9a-f]{36}\tINFO\tline\r0 \{ a: 1 \}$/);
  expect(lines[1]).toContain(requestId);
  expect(lines[2]).toMatch(/\tERROR\tError: told\r {4}at /);
  expect(lines[3]).toBe("raw, no end \0 of lineof a child");
  expect(lines[4]).toBe(`END RequestId: ${requestId}`);
  expect(lines[5]).toMatch(
    /^REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: [1-9]\d+ MB\tInit Duration: [\d.]+ ms$/,
  );
  expect(await lambda.log("talks")).toBe(first.log);

  const second = await lambda.call("talks", { lines: 2_000 }, { LogType: "Tail" });
  expect(new TextEncoder().encode(second.log).byteLength).toBe(4_096);
  expect(second.log).toContain("line\r1999");
  expect(second.log).not.toContain("Init Duration");
  expect((await lambda.call("talks", { lines: 1 })).log).toBe("");
  expect(await lambda.log("talks")).toContain("line\r0 { a: 1 }");
});

test("the log of a function is bounded", async () => {
  await using lambda = await LambdaStage.open();
  await lambda.make(
    "floods",
    `const line = "x".repeat(1023) + "\\n";
     export const handler = async () => { for (let i = 0; i < 3000; i++) process.stdout.write(line); };`,
    { Timeout: 60 },
  );
  await lambda.call("floods");
  await lambda.call("floods");
  const path = join(lambda.directory, "logs", "floods.log");
  for (const file of [path, `${path}.1`]) {
    expect((await readFile(file)).byteLength).toBeLessThan(1.5 * 1024 ** 2);
  }
});

test("payloads have Lambda's limits, either way", async () => {
  await using lambda = await LambdaStage.open();
  await lambda.make(
    "sizes",
    "export const handler = async ({ size, text }) => size ? 'x'.repeat(size) : text.length;",
    { Timeout: 30 },
  );
  const largest = 6 * 1024 ** 2;
  const around = JSON.stringify({ text: "" }).length;
  const text = "x".repeat(largest - around);
  expect((await lambda.call("sizes", { text })).value).toBe(text.length);
  await expect(lambda.call("sizes", { text: `${text}x` })).rejects.toMatchObject({
    name: "RequestTooLargeException",
    $metadata: { httpStatusCode: 413 },
  });
  const event = { text: "x".repeat(1024 ** 2 - around) };
  const asEvent = { InvocationType: "Event" } as const;
  expect((await lambda.call("sizes", event, asEvent)).status).toBe(202);
  await expect(lambda.call("sizes", { text: `${event.text}x` }, asEvent)).rejects.toMatchObject({
    name: "RequestTooLargeException",
  });
  const returned = (await lambda.call("sizes", { size: largest - 2 })).value;
  expect(String(returned)).toHaveLength(largest - 2);
  const { value, error } = await lambda.call("sizes", { size: largest + 99 });
  expect(error).toBe("Unhandled");
  expect(value).toEqual({
    errorType: "Function.ResponseSizeTooLarge",
    errorMessage:
      "Response payload size (6291557 bytes) exceeded maximum allowed payload size (6291556 bytes).",
  });
});
