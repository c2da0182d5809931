import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ToplineError } from "@topline/core";
import { probe } from "@topline/local-harness/machine";
import { takeLock } from "@topline/local-harness/processes";
import { airflowFolder } from "./folder.ts";

const run = promisify(execFile);

/** Those that Airflow's lock was made for, and that MWAA has. */
const PYTHON = ">=3.11,<3.13";
const INSTALL_MS = 900_000;
const LOOK_MS = 20_000;

/**
 * Airflow in a virtual environment below `home`, installed by uv at the first call for what the lock says, checked by
 * its hashes. From then on no network is asked. Other processes wait for the one that installs.
 *
 * @param preparing hears what takes long
 * @returns the folder of its programs
 * @throws {ToplineError} `ENGINE_UNAVAILABLE` with the reason and the remedy
 */
export async function airflowEnvironment(
  home: string,
  preparing: (what: string) => void,
): Promise<string> {
  const requirements = join(airflowFolder(), "requirements.txt");
  const lock = await readFile(requirements);
  const hash = createHash("sha256").update(lock).digest("hex");
  const folder = join(home, `airflow-${hash.slice(0, 16)}`);
  const programs = join(folder, "bin");
  const marker = join(folder, "complete");
  // The interpreter that it was made with may have gone since.
  const isComplete = () => existsSync(marker) && existsSync(join(programs, "python"));
  if (isComplete()) return programs;

  const uv = await requireUv();
  const python = await requirePython(uv);
  await mkdir(home, { recursive: true });
  preparing(`Waiting for another process that installs Airflow in ${home}`);
  const held = await takeLock(join(home, "install.lock"), AbortSignal.timeout(INSTALL_MS));
  if (held === undefined) {
    throw unavailable(
      `Another process has been installing Airflow in ${home} for ${INSTALL_MS / 60_000} min. End it and try again.`,
    );
  }
  try {
    if (isComplete()) return programs;
    await rm(folder, { recursive: true, force: true });
    preparing(`Installing Airflow in ${folder} (once; some 350 MB)`);
    const quiet = ["-q", "--no-python-downloads"];
    const sync = ["--require-hashes", "--python", join(programs, "python"), requirements];
    await install(uv, ["venv", ...quiet, "--no-project", "--python", python, folder]);
    await install(uv, ["pip", "sync", ...quiet, ...sync]);
    await writeFile(marker, "");
    return programs;
  } finally {
    held.release();
  }
}

async function install(uv: string, args: readonly string[]): Promise<void> {
  try {
    await run(uv, args, { timeout: INSTALL_MS, maxBuffer: 1024 ** 3 });
  } catch (error) {
    throw unavailable(
      `Airflow could not be installed. It needs the network once, or what uv has in its cache. ${reasonOf(error)}`,
      error,
    );
  }
}

async function requireUv(): Promise<string> {
  const { found, path, remedy } = await probe("uv", { timeoutMs: LOOK_MS });
  if (found && path !== null) return path;
  throw unavailable(`Airflow cannot run here. ${remedy} It makes the environment of Airflow.`);
}

/** Wherever uv knows to look: PATH, pyenv, its own. None is downloaded. */
async function requirePython(uv: string): Promise<string> {
  try {
    const find = ["python", "find", "--no-python-downloads", "--no-project", PYTHON];
    const { stdout } = await run(uv, find, { timeout: LOOK_MS });
    return stdout.trim();
  } catch (error) {
    throw unavailable(
      "There is no Python 3.11 or 3.12, as MWAA has it and Airflow needs it. Install it: uv python install 3.12 (Debian 12: apt-get install python3).",
      error,
    );
  }
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

const unavailable = (message: string, cause?: unknown) =>
  new ToplineError("ENGINE_UNAVAILABLE", message, cause === undefined ? {} : { cause });
