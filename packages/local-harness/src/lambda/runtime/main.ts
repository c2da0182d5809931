// The runtime of an execution environment, as Lambda's for Node: loads the handler, and calls it for one invocation
// after another. It stands in a process with the handler alone, so it loads nothing that it could do without.
import module from "node:module";
import process from "node:process";
import { markOf } from "../execution/mark.ts";
import { connectRuntime, type Task } from "./client.ts";
import { logByConsole, logError } from "./console.ts";
import { contextOf } from "./context.ts";
import { describeError, NodeJsExit, UnhandledPromiseRejection } from "./errors.ts";
import { type Handler, loadHandler } from "./handler.ts";

const env = process.env;
const client = connectRuntime(env["AWS_LAMBDA_RUNTIME_API"] ?? "");
let task: Task | undefined;
let isInitialized = false;
let isFailing = false;
let isKept = false;
logByConsole(() => task?.requestId);

process.on("uncaughtException", (error) => void fail("Uncaught Exception", error, 129));
process.on("unhandledRejection", (reason) => {
  void fail("Unhandled Promise Rejection", new UnhandledPromiseRejection(reason), 128);
});
// Nothing is left that could ever settle what is awaited.
process.on("beforeExit", () => void fail("Unexpected Exit", new NodeJsExit(), 13));

// Not awaited: a module that waits for ever has no `beforeExit` on Deno.
void run();

async function run(): Promise<void> {
  let handler: Handler;
  try {
    handler = await loadHandler(env["LAMBDA_TASK_ROOT"] ?? "", env["_HANDLER"] ?? "");
    isInitialized = true;
  } catch (error) {
    return fail("Uncaught Exception", error, 1);
  }
  for (;;) {
    task = await client.next();
    env["_X_AMZN_TRACE_ID"] = task.traceId;
    await answer(handler, task);
    task = undefined;
    keepCompiled();
  }
}

async function answer(handler: Handler, given: Task): Promise<void> {
  let body: string;
  try {
    const event: unknown = JSON.parse(given.payload);
    const result = await handler(event, contextOf(given));
    body = asJson(result);
  } catch (error) {
    logError("Invoke Error", error);
    await passed(given.requestId);
    return client.error(given.requestId, describeError(error));
  }
  await passed(given.requestId);
  return client.respond(given.requestId, body);
}

/** An environment ends by force: what it has compiled by its first answer is kept then. */
function keepCompiled(): void {
  if (!isKept) module.flushCompileCache?.();
  isKept = true;
}

function asJson(result: unknown): string {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? "null";
  } catch {
    throw new Error("Unable to stringify response body");
  }
}

/** Says that all was written that the handler had to say. */
function passed(requestId: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(markOf(requestId), () => resolve()));
}

/** Tells what the process cannot go on after, and ends it. */
async function fail(what: string, error: unknown, code: number): Promise<never> {
  if (!isFailing) {
    isFailing = true;
    logError(what, error);
    await tell(error);
    process.exit(code);
  }
  // The first one ends it.
  return new Promise<never>(() => {});
}

async function tell(error: unknown): Promise<void> {
  if (!isInitialized) return client.initError(describeError(error));
  // Between two invocations there is nobody to be told.
  if (task === undefined) return;
  await passed(task.requestId);
  await client.error(task.requestId, describeError(error));
}
