import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The command as a user's shell runs it: another process, on a machine with Node and nothing else in PATH. */

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Of stdout. */
  json<T = Record<string, unknown>>(): T;
}

export interface Running {
  readonly pid: number;
  /** Something was written to stdout. */
  readonly spoken: Promise<unknown>;
  readonly finished: Promise<Outcome>;
  kill(signal: NodeJS.Signals): void;
}

export interface TestState extends AsyncDisposable {
  /** `--state` of every call. */
  readonly directory: string;
  /** A place for files of the test's own. */
  readonly scratch: string;
  topline(...args: readonly string[]): Promise<Outcome>;
  start(...args: readonly string[]): Running;
}

export async function newState(): Promise<TestState> {
  const scratch = await mkdtemp(join(tmpdir(), "topline-cli-"));
  const directory = join(scratch, "state");
  const start = (...args: readonly string[]) =>
    startTopline(["--state", directory, ...args], scratch);
  return {
    directory,
    scratch,
    start,
    topline: (...args) => start(...args).finished,
    [Symbol.asyncDispose]: () => rm(scratch, { recursive: true, force: true, maxRetries: 20 }),
  };
}

function startTopline(args: readonly string[], cwd: string): Running {
  const child = spawn(process.execPath, ["--conditions=@topline/source", MAIN, ...args], {
    cwd,
    env: { PATH: `${dirname(process.execPath)}:/bin`, HOME: cwd, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const spoken = once(child.stdout, "data");
  spoken.catch(() => {});
  const finished = once(child, "close").then(([code]): Outcome => {
    return {
      code: code as number | null,
      stdout,
      stderr,
      json: <T>() => {
        try {
          return JSON.parse(stdout) as T;
        } catch (error) {
          throw new Error(`stdout is not JSON: ${stdout}\nstderr: ${stderr}`, { cause: error });
        }
      },
    };
  });
  return { pid: child.pid ?? -1, spoken, finished, kill: (signal) => void child.kill(signal) };
}
