import { realpath } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { probe } from "../../../packages/local-harness/src/machine/index.ts";
import { pythonEnvironment } from "../../../test/machine/python-environment.ts";

const LOCK = fileURLToPath(new URL("../tests/requirements.txt", import.meta.url));

/**
 * Airflow and what its tests need, as the lock has them: some 370 MB, installed by the first suite that asks.
 * @param python any interpreter that can make a virtual environment
 * @returns the path of the environment's interpreter
 */
export async function airflowEnvironment(python: string): Promise<string> {
  const uv = await probe("uv");
  const version = basename(await realpath(python));
  return pythonEnvironment({ path: python, version }, uv.path, LOCK);
}
