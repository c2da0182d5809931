import { spawn, type ChildProcessByStdio } from "node:child_process";
import { closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { ToplineError, type ErrorCode } from "@topline/core/errors";
import { daemonCommand } from "./daemon-command.ts";
import type { DaemonArguments } from "./daemon-process.ts";
import { glueHomeOf } from "./glue-home.ts";
import { logTail } from "./log.ts";
import { firstMessage, type Report } from "./messages.ts";
import type { StateDirectory } from "./state-directory.ts";

/**
 * A background process that serves the directory as soon as nobody else does. Until `letGo`, or the end
 * of this process, it counts this process as a user.
 */
export interface StartedDaemon {
  /** Resolves when it serves; rejects with the reason why it cannot. */
  readonly serving: Promise<void>;
  letGo(): void;
  /** For one that did neither in time. */
  kill(): void;
}

/** @throws {ToplineError} `HARNESS_UNAVAILABLE` when the state directory cannot be written */
export function startDaemon(
  module: URL,
  state: StateDirectory,
  options: Omit<DaemonArguments, "stateDirectory">,
): StartedDaemon {
  const log = openLog(state);
  const start = statSync(state.log).size;
  const script = fileURLToPath(module);
  const values: DaemonArguments = { stateDirectory: state.path, ...options };
  const command = [...daemonCommand(script, state, options.backend), JSON.stringify(values)];
  const child = spawn(process.execPath, command, {
    // Its own session: Ctrl-C in the user's terminal is not meant for it.
    detached: true,
    windowsHide: true,
    cwd: dirname(script),
    env: { ...process.env, ...glueHomeOf(process.env) },
    stdio: ["pipe", "pipe", log],
  }) as ChildProcessByStdio<Writable, Readable, null>;
  closeSync(log);
  child.unref();
  child.stdin.on("error", () => {});

  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) => resolve(`it ended with ${signal ?? `exit code ${code}`}`));
  });
  const serving = firstMessage<Report>(child.stdout).then(async (report) => {
    if (report?.status === "serving") return;
    if (report?.status === "failed") {
      const { code, message, is_retryable: isRetryable } = report.fault;
      throw new ToplineError(code as ErrorCode, message, { isRetryable });
    }
    const reason = await ended;
    const tail = logTail(state.log, start);
    throw new ToplineError(
      "HARNESS_UNAVAILABLE",
      `The harness of ${state.path} did not come up: ${reason}. ${tail === "" ? "It wrote nothing" : `It wrote: ${tail}`} (log: ${state.log})`,
    );
  });
  serving.catch(() => {});

  const letGo = () => {
    child.stdin.destroy();
    child.stdout.destroy();
  };
  return {
    serving,
    letGo,
    kill() {
      child.kill("SIGKILL");
      letGo();
    },
  };
}

function openLog(state: StateDirectory): number {
  try {
    mkdirSync(state.path, { recursive: true });
    return openSync(state.log, "a", 0o600);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ToplineError(
      "HARNESS_UNAVAILABLE",
      `The state directory ${state.path} cannot be written: ${reason}. Choose another, or make it writable.`,
      { cause: error },
    );
  }
}
