import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Cloud } from "../../../test/backends/index.ts";

/** The command as a user's shell runs it: another process, on a machine with Node and nothing else in PATH. */

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

const LEASE_SECONDS = 3;

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
  /** Resolves once stdout and stderr together hold `text` `times` times; rejects if the process ends before. */
  said(text: string, times?: number): Promise<void>;
  readonly finished: Promise<Outcome>;
  kill(signal: NodeJS.Signals): void;
}

/** Where the tests' own clients find what the command works on. */
export interface StateEndpoint {
  readonly s3: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly bucket: string;
}

export interface TestState extends AsyncDisposable {
  /** `--state` of every call. */
  readonly directory: string;
  /** Undefined where the state has a harness of its own, which runs while somebody uses it. */
  readonly endpoint: StateEndpoint | undefined;
  /** A place for files of the test's own. */
  readonly scratch: string;
  topline(...args: readonly string[]): Promise<Outcome>;
  start(...args: readonly string[]): Running;
  /** The same for processes that find other variables in their environment. */
  under(env: Readonly<Record<string, string>>): Pick<TestState, "topline" | "start">;
}

/** A state of its own, with an embedded harness that comes and goes unless `env` says otherwise. */
export async function newState(env: Readonly<Record<string, string>> = {}): Promise<TestState> {
  const scratch = await mkdtemp(join(tmpdir(), "topline-cli-"));
  const directory = join(scratch, "state");
  return stateOf({
    scratch,
    directory,
    args: ["--state", directory],
    env,
    endpoint: undefined,
  });
}

/** A bucket and tables of its own, which exist, in a cloud that runs already. */
export async function newStateIn(cloud: Cloud): Promise<TestState> {
  const { args } = cloud.command;
  const state = await newPlaceIn(cloud);
  const first = args.includes("external") ? ["doctor", "--create"] : ["status"];
  const { code, stdout, stderr } = await state.topline(...first);
  if (code !== 0) throw new Error(`topline ${first.join(" ")} failed: ${stdout}${stderr}`);
  return state;
}

/** The same without bucket and tables: the caller makes them, by the names of `endpoint`. */
export async function newPlaceIn(cloud: Cloud): Promise<TestState & { endpoint: StateEndpoint }> {
  const scratch = await mkdtemp(join(tmpdir(), "topline-cli-"));
  const { args, env } = cloud.command;
  const name = `t-${randomUUID()}`;
  const { s3, region, credentials } = cloud;
  // Holders that are killed are waited for.
  const config = { bucket: name, tablePrefix: `${name}-`, leaseSeconds: LEASE_SECONDS };
  await writeFile(
    join(scratch, "topline.config.ts"),
    `export default ${JSON.stringify(config)};\n`,
  );
  const endpoint = { s3, region, credentials, bucket: name };
  return {
    ...stateOf({ scratch, directory: join(scratch, "state"), args, env, endpoint }),
    endpoint,
  };
}

interface StateOptions {
  readonly scratch: string;
  readonly directory: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly endpoint: StateEndpoint | undefined;
}

function stateOf({ scratch, directory, args, env, endpoint }: StateOptions): TestState {
  const under = (others: Readonly<Record<string, string>>) => {
    const start = (...more: readonly string[]) =>
      startTopline([...args, ...more], scratch, { ...env, ...others });
    return { start, topline: (...more: readonly string[]) => start(...more).finished };
  };
  return {
    directory,
    endpoint,
    scratch,
    ...under({}),
    under,
    [Symbol.asyncDispose]: () => rm(scratch, { recursive: true, force: true, maxRetries: 20 }),
  };
}

function startTopline(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Running {
  const child = spawn(process.execPath, ["--conditions=@topline/source", MAIN, ...args], {
    cwd,
    env: { PATH: `${dirname(process.execPath)}:/bin`, HOME: cwd, NO_COLOR: "1", ...env },
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
  const said = (text: string, times = 1) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if ((stdout + stderr).split(text).length > times) resolve();
      };
      child.stdout.on("data", look);
      child.stderr.on("data", look);
      child.on("close", () => {
        look();
        reject(new Error(`It ended without ${text} (${times} times): ${stdout}\n${stderr}`));
      });
      look();
    });
  const kill = (signal: NodeJS.Signals) => void child.kill(signal);
  return { pid: child.pid ?? -1, spoken, said, finished, kill };
}
