import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { takeLock } from "../../packages/local-harness/src/harness/lock.ts";

const run = promisify(execFile);

const REQUIREMENTS = fileURLToPath(new URL("../python/requirements.txt", import.meta.url));
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/topline/", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const INSTALL_MS = 300_000;

export interface Interpreter {
  readonly path: string;
  readonly version: string;
}

/**
 * A virtual environment with exactly the packages of a lock, checked by their hashes. Made at the first call for
 * this lock and interpreter, and kept; other processes wait for the one that makes it.
 * @param requirements the lock's file; `test/python/requirements.txt` unless another is given
 * @returns the path of its interpreter
 */
export async function pythonEnvironment(
  python: Interpreter,
  uv: string | null,
  requirements = REQUIREMENTS,
): Promise<string> {
  const lock = await readFile(requirements);
  const hash = createHash("sha256").update(lock).update(python.version).digest("hex");
  const directory = join(CACHE, `python-${hash.slice(0, 16)}`);
  const interpreter = join(directory, "bin", "python");
  const isComplete = join(directory, "complete");
  if (existsSync(isComplete)) return interpreter;
  await mkdir(CACHE, { recursive: true });
  const held = await takeLock(join(CACHE, "python.lock"), AbortSignal.timeout(INSTALL_MS));
  try {
    if (existsSync(isComplete)) return interpreter;
    process.stderr.write(`Installing ${relative(ROOT, requirements)} into ${directory} (once)\n`);
    await rm(directory, { recursive: true, force: true });
    await make(python.path, uv, directory, interpreter, requirements);
    await writeFile(isComplete, "");
    return interpreter;
  } finally {
    held?.release();
  }
}

async function make(
  python: string,
  uv: string | null,
  directory: string,
  interpreter: string,
  requirements: string,
): Promise<void> {
  const options = { timeout: INSTALL_MS, maxBuffer: 1024 ** 3 };
  if (uv === null) {
    await run(python, ["-m", "venv", directory], options);
    const install = ["-m", "pip", "install", "-q", "--require-hashes", "-r", requirements];
    await run(interpreter, install, options);
  } else {
    await run(uv, ["venv", "-q", "--python", python, directory], options);
    const sync = ["pip", "sync", "-q", "--require-hashes", "--python", interpreter, requirements];
    await run(uv, sync, options);
  }
}
