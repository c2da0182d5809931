import type { HarnessBackend } from "./backend.ts";
import { conditionsOf, isDeno } from "./runtime.ts";
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
