import { spawn } from "node:child_process";

/** A program that ends when this process does, however this one ends. */
export interface TiedChild {
  readonly pid: number;
  /** Resolves, with the manner of its end, once the program has ended. */
  readonly ended: Promise<string>;
  /** The last of what it wrote to stderr. */
  stderr(): string;
  /** Resolves to whether `text` came on stderr; to false once the program has ended without it. */
  wrote(text: string): Promise<boolean>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

/**
 * The shell becomes the program, after it has left a watcher behind that waits for the other end of stdin: the
 * kernel closes it when this process ends, and the watcher kills the program. A line on stdin names a signal to
 * pass on; an empty one says that the program has ended already, so that nobody is killed who got its process id
 * since.
 */
const TIED = `
exec 3<&0 </dev/null
{
  while read -r signal <&3; do
    test -n "$signal" || exit
    kill -s "$signal" "$$"
  done
  kill -9 "$$"
} >/dev/null 2>&1 &
exec 3<&-
exec "$@"
`;

const TAIL = 4_000;

/** Starts `program`, tied to this process. POSIX only. */
export async function spawnTied(program: string, args: readonly string[]): Promise<TiedChild> {
  const child = spawn("/bin/sh", ["-c", TIED, "sh", program, ...args], {
    stdio: ["pipe", "ignore", "pipe"],
  });
  let stderr = "";
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  child.stdin.on("error", () => {});
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => (stderr = (stderr + text).slice(-TAIL)));
  child.on("exit", () => child.stdin.end("\n"));
  child.on("close", (code, signal) => end(signal ?? `exit code ${code}`));
  await new Promise<void>((resolve, reject) => {
    child.on("spawn", resolve);
    child.on("error", reject);
  });
  return {
    pid: child.pid ?? 0,
    ended,
    stderr: () => stderr,
    wrote(text) {
      return new Promise((resolve) => {
        const look = () => {
          if (stderr.includes(text)) resolve(true);
        };
        child.stderr.on("data", look);
        void ended.then(() => resolve(stderr.includes(text)));
        look();
      });
    },
    kill(signal) {
      // SIGTERM goes by the watcher: Deno's `child.kill` closes stdin, which is the end to the watcher, and signals
      // but once.
      if (signal === "SIGTERM") child.stdin.write("TERM\n");
      else child.kill(signal);
    },
  };
}
