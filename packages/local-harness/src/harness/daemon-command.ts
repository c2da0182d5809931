import process from "node:process";
import type { HarnessBackend } from "./backend.ts";
import type { StateDirectory } from "./state-directory.ts";

/** The arguments with which the runtime of this process, Node or Deno, runs the daemon's module. */
export function daemonCommand(
  script: string,
  { path }: StateDirectory,
  backend: HarnessBackend,
): string[] {
  const conditions = conditionsOf(script);
  if (!isDeno) return [...conditions, script];
  // A comma ends a path in Deno's flags, and nothing escapes it.
  const within = path.includes(",") ? "" : `=${path}`;
  // Left to itself, Deno runs a child of `node:child_process` with all permissions, whatever this process has.
  const least = [
    "--allow-net=127.0.0.1",
    `--allow-read${within}`,
    `--allow-write${within}`,
    // The emulator of DynamoDB, which a shell starts and passes its environment to.
    "--allow-run=/bin/sh",
    "--allow-env",
  ];
  // Where Docker listens, and what testcontainers asks of the system, is known to them alone.
  const permissions = backend === "containers" ? ["--allow-all"] : least;
  return ["run", "--no-prompt", ...permissions, ...conditions, script];
}

const isDeno = process.versions["deno"] !== undefined;

const SOURCE_CONDITION = "--conditions=@topline/source";

/**
 * The conditions that this process resolves packages with; from source, at least the one for source. Deno tells
 * of none, but passes those of the variable DENO_CONDITIONS on by itself.
 */
function conditionsOf(script: string): string[] {
  const found: string[] = [];
  for (const [index, argument] of process.execArgv.entries()) {
    if (/^(?:--conditions|-C)=/.test(argument)) found.push(argument);
    else if (argument === "--conditions" || argument === "-C") {
      found.push(`--conditions=${process.execArgv[index + 1]}`);
    }
  }
  if (script.endsWith(".ts") && !found.includes(SOURCE_CONDITION)) found.push(SOURCE_CONDITION);
  return found;
}
