import { spawn } from "node:child_process";
import process from "node:process";
import { tailOf } from "./unavailable.ts";

export interface Ended {
  readonly ok: boolean;
  /** `exit code 1`, `SIGKILL`, or why it could not be started. */
  readonly end: string;
  /** The last lines of what it wrote. */
  readonly output: string;
}

const LONGEST = 64_000;

/** Runs a program to its end, in this process's group. Never rejects. */
export function call(
  path: string,
  args: readonly string[],
  {
    timeoutMs,
    env = process.env,
  }: { readonly timeoutMs: number; readonly env?: NodeJS.ProcessEnv },
): Promise<Ended> {
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(path, args, {
      env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => (output = (output + text).slice(-LONGEST)));
    }
    child.on("error", (error) => resolve({ ok: false, end: error.message, output: "" }));
    child.on("close", (code, by) => {
      resolve({ ok: code === 0, end: by ?? `exit code ${code}`, output: tailOf(output) });
    });
  });
}
