import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";

export interface ExampleOptions {
  /** Where the code stands as a module, and its working directory. */
  readonly folder: string;
  /** In place of this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Source of packages is read as TypeScript, on Node and on Deno. */
const CONDITION = "--conditions=@topline/source";

const isDeno = process.versions["deno"] !== undefined;

/**
 * Runs an example of a README as a module of its own, on the runtime of this process, and gives what it prints.
 * @throws {Error} with what it wrote to stderr when it fails
 */
export async function runExample(code: string, options: ExampleOptions): Promise<string> {
  const onNode = [CONDITION, "--input-type=module-typescript", "-"];
  const { printed, complaint } = isDeno
    ? await runOnDeno(process.execPath, ["--allow-all"], code, options)
    : await runCode(process.execPath, onNode, code, options);
  if (complaint !== undefined) throw new Error(`The example failed: ${complaint}`);
  return printed;
}

export interface Ran {
  readonly printed: string;
  /** What it wrote to stderr, if it failed. */
  readonly complaint: string | undefined;
}

/** The same on the Deno at `deno`, with the permissions that `flags` give and no other. */
export function runOnDeno(
  deno: string,
  flags: readonly string[],
  code: string,
  options: ExampleOptions,
): Promise<Ran> {
  return runCode(deno, ["run", "--no-prompt", CONDITION, ...flags, "-"], code, options);
}

/** What is found as `deno` may be a script that starts it; a permission to run it is about the program itself. */
export async function denoItself(path: string): Promise<string> {
  const args = ["eval", "console.log(Deno.execPath())"];
  return (await promisify(execFile)(path, args)).stdout.trim();
}

async function runCode(
  runtime: string,
  args: readonly string[],
  code: string,
  { folder, env = process.env }: ExampleOptions,
): Promise<Ran> {
  const child = spawn(runtime, args, { cwd: folder, env: { ...env, NO_COLOR: "1" } });
  // It may end before it has read all of its code.
  child.stdin.on("error", () => {}).end(code);
  const [printed, said, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  const failure = `exit code ${status}: ${said}`;
  return { printed, complaint: status === 0 ? undefined : failure };
}
