import process from "node:process";
import type { Finding } from "../../machine/index.ts";
import { probe } from "../../machine/index.ts";
import { ask, isAtLeast } from "../../machine/program.ts";
import { unavailable } from "./unavailable.ts";

/**
 * Glue's own Python. PySpark 3.5 runs on Python 3.8 to 3.11 (3.12 has no distutils, which it imports), and Topline's
 * job on 3.11 and later: that leaves one.
 */
export const PYTHON = "3.11";

/** Spark 3.5 is built for Java 8 to 21; with 24, the security manager went that its Hadoop asks for users. */
const JAVA_BELOW = "24";

const TIMEOUT_MS = 20_000;

/** @throws {ToplineError} `ENGINE_UNAVAILABLE` with the remedy */
export async function requireJava(): Promise<string> {
  if (process.platform === "win32") {
    throw unavailable(
      "The embedded Glue runs on Linux and macOS; on Windows use it in WSL, or the engine duckdb.",
    );
  }
  const { path, version } = required(await probe("java", { timeoutMs: TIMEOUT_MS }));
  if (version === null || !isAtLeast(version, JAVA_BELOW)) return path;
  throw unavailable(
    `Spark 3.5 does not run on Java ${version}. Install Java 17 or 21 (Debian: apt-get install openjdk-17-jre-headless), and set JAVA_HOME to it.`,
  );
}

/** @throws {ToplineError} `ENGINE_UNAVAILABLE` with the remedy */
export async function requireUv(): Promise<string> {
  return required(await probe("uv", { timeoutMs: TIMEOUT_MS })).path;
}

/**
 * A Python as Glue has it, wherever uv knows to look: PATH, pyenv, its own. None is downloaded.
 * @throws {ToplineError} `ENGINE_UNAVAILABLE` with the remedy
 */
export async function requirePython(uv: string): Promise<string> {
  const find = ["python", "find", "--no-python-downloads", "--no-project", PYTHON];
  const { ok, text } = await ask(uv, find, { env: process.env, timeoutMs: TIMEOUT_MS });
  const [path = ""] = text.split("\n");
  if (ok && path !== "") return path;
  throw unavailable(
    `There is no Python ${PYTHON}, which Glue has and PySpark 3.5 needs. Install it: uv python install ${PYTHON} (Debian 12: apt-get install python3).`,
  );
}

function required({ found, path, version, remedy, needed_for }: Finding) {
  if (found && path !== null) return { path, version };
  throw unavailable(
    `The embedded Glue cannot run jobs here. ${remedy} It is needed for ${needed_for}.`,
  );
}
