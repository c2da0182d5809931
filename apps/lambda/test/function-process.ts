import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { text } from "node:stream/consumers";

/** A bundled function in a process of its own, as Lambda starts one: its folder, its layer, its environment. */

export interface FunctionPlace {
  /** Holds `<name>.mjs`, and nothing of this workspace above it. */
  readonly folder: string;
  /** Left out: a function without a layer. */
  readonly layer?: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Invoked<Output> {
  readonly output: Output | undefined;
  /** Where it failed. */
  readonly error: { readonly errorType: string; readonly errorMessage: string } | undefined;
  readonly log: string;
  /** Highest, in MB. */
  readonly memory: number;
  /** Until the module was there. */
  readonly initMs: number;
  readonly durationMs: number;
}

/** Loads the module and calls it, once. Nothing of the workspace is in it. */
const RUNTIME = `
  const [module, event] = process.argv.slice(1);
  const began = performance.now();
  const { handler } = await import(module);
  const loaded = performance.now();
  const invocation = {
    functionName: "topline-bundled",
    functionVersion: "$LATEST",
    invokedFunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:topline-bundled",
    memoryLimitInMB: "1769",
    awsRequestId: "request-1",
    getRemainingTimeInMillis: () => 300_000,
  };
  const result = await handler(JSON.parse(event), invocation).then(
    (output) => ({ output }),
    ({ name, message }) => ({ error: { errorType: name, errorMessage: message } }),
  );
  const memory = Math.round(process.resourceUsage().maxRSS / 1024);
  process.send({ ...result, memory, initMs: loaded - began, durationMs: performance.now() - loaded });
  process.disconnect();
`;

export async function invokeBundled<Output>(
  { folder, layer, env }: FunctionPlace,
  name: string,
  event: object,
): Promise<Invoked<Output>> {
  const args = [
    "--input-type=module",
    "-e",
    RUNTIME,
    `${folder}/${name}.mjs`,
    JSON.stringify(event),
  ];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...env, ...(layer === undefined ? {} : { NODE_PATH: `${layer}/nodejs/node_modules` }) },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const told = once(child, "message").catch(() => []);
  const [log, complaint, [status]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, "close"),
  ]);
  if (status !== 0) throw new Error(`${name} exited with ${status}: ${complaint}`);
  const [outcome] = (await told) as [Omit<Invoked<Output>, "log">];
  return { ...outcome, log: log + complaint };
}
