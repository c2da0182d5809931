import { spawn } from "node:child_process";
import type { Readable } from "node:stream";

/** A program and all that it starts, as one process group: it ends when this process does, however this one ends. */
export interface TiedGroup {
  /** Of the program, and of the group. */
  readonly pid: number;
  /** To be read: a program that nobody hears waits for it. */
  readonly stdout: Readable;
  /** Resolves, with the manner of its end, once the program has ended; what it left of its group is killed then. */
  readonly ended: Promise<string>;
  signal(name: "TERM" | "KILL"): void;
}

/**
 * The shell becomes the program, after it has left a watcher behind in the same group that waits for the other end
 * of stdin: the kernel closes it when this process ends, and the watcher kills the group, itself included. A line on
 * stdin names a signal for the group. Since the watcher is of the group, the group's id is not given to anybody else
 * before it has ended.
 */
const tied = (redirection: string) => `
exec 3<&0 </dev/null
{
  trap '' TERM
  while read -r signal <&3; do kill -s "$signal" -- "-$$"; done
  kill -s KILL -- "-$$"
} >/dev/null 2>&1 &
exec 3<&-
exec "$@"${redirection}
`;

export interface TiedGroupOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** An open file for its stderr, or that it goes where stdout goes. */
  readonly stderr: number | "stdout";
}

/** For what has left the group, and may keep its stdout open for ever. */
const LAST_WORDS_MS = 1_000;

/** POSIX only. What cannot be started has ended. */
export function spawnTiedGroup(
  program: string,
  args: readonly string[],
  { env, cwd, stderr }: TiedGroupOptions,
): TiedGroup {
  const isOne = stderr === "stdout";
  const script = tied(isOne ? " 2>&1" : "");
  const child = spawn("/bin/sh", ["-c", script, "sh", program, ...args], {
    // A session and a group of its own.
    detached: true,
    env,
    cwd,
    stdio: ["pipe", "pipe", isOne ? "ignore" : stderr],
  });
  const { stdin, stdout, pid = 0 } = child;
  if (stdin === null || stdout === null) throw new Error("A pipe is missing.");
  stdin.on("error", () => {});
  let patience: NodeJS.Timeout | undefined;
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", () => {
      stdin.end();
      patience = setTimeout(() => stdout.destroy(), LAST_WORDS_MS);
    });
    child.on("close", (code, by) => {
      clearTimeout(patience);
      resolve(by ?? `exit code ${code}`);
    });
  });
  return { pid, stdout, ended, signal: (name) => void stdin.write(`${name}\n`) };
}
