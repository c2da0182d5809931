import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { ensureGlueJob } from "@topline/aws-adapters/glue";
import { jobCodeFolder, type ObjectStore, ToplineError } from "@topline/core";
import type { LoadedConfig } from "@topline/deployment";
import { probe } from "@topline/local-harness/machine";
import type { Glue } from "./clients.ts";

const SCRIPT = "topline_job.py";
const PARALLEL = 3;

/**
 * Sees to it that the harness has the job, with the code of this installation: a script and a wheel, in the bucket
 * under the hash of their sources.
 *
 * @throws {ToplineError} `ENGINE_UNAVAILABLE`
 */
export async function makeJob(
  client: Glue,
  { config, store }: { readonly config: LoadedConfig; readonly store: ObjectStore },
): Promise<void> {
  const { bucket, glue } = config;
  const { script, wheel } = await uploadCode(store);
  await ensureGlueJob(client, {
    Name: glue.jobName,
    Role: "topline",
    Description: "The step transform of Topline, on Spark",
    Command: { Name: "glueetl", PythonVersion: "3", ScriptLocation: `s3://${bucket}/${script}` },
    DefaultArguments: {
      "--extra-py-files": `s3://${bucket}/${wheel}`,
      "--conf": `spark.driver.memory=${glue.driverMemory}`,
    },
    ExecutionProperty: { MaxConcurrentRuns: PARALLEL },
    GlueVersion: "5.1",
  });
}

interface Code {
  /** Keys. */
  readonly script: string;
  readonly wheel: string;
}

async function uploadCode(store: ObjectStore): Promise<Code> {
  const folder = dirname(createRequire(import.meta.url).resolve("@topline/glue-job/package.json"));
  const prefix = jobCodeFolder(await hashOf(folder));
  const script = `${prefix}${SCRIPT}`;
  const present: string[] = [];
  for await (const { key } of store.list(prefix)) present.push(key);
  const wheel = present.find((key) => key.endsWith(".whl"));
  if (wheel !== undefined && present.includes(script)) return { script, wheel };

  const built = await buildWheel(folder);
  const key = `${prefix}${built.name}`;
  await store.put(key, built.content);
  await store.put(script, await readFile(join(folder, SCRIPT)));
  return { script, wheel: key };
}

/** Over all that the script and the wheel are made of. */
async function hashOf(folder: string): Promise<string> {
  const names = globSync("src/**/*.py", { cwd: folder }).sort();
  const hash = createHash("sha256");
  for (const name of ["pyproject.toml", SCRIPT, ...names]) {
    const content = await readFile(join(folder, name));
    hash.update(`${name}\n${content.byteLength}\n`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

/** Made by uv, which the harness needs for Spark besides. */
async function buildWheel(folder: string): Promise<{ name: string; content: Uint8Array }> {
  const uv = await probe("uv");
  if (!uv.found || uv.path === null) {
    throw new ToplineError(
      "ENGINE_UNAVAILABLE",
      `The engine glue cannot be used here. ${uv.remedy} It makes the wheel of the job, and the environment of Spark. Or use --engine duckdb: the figures are the same.`,
    );
  }
  const output = await mkdtemp(join(tmpdir(), "topline-wheel-"));
  try {
    const args = ["build", "-q", "--wheel", "--no-python-downloads", "--out-dir", output, folder];
    await promisify(execFile)(uv.path, args, { env: process.env });
    const name = (await readdir(output)).find((file) => file.endsWith(".whl"));
    if (name === undefined) throw new Error("uv made no wheel");
    return { name, content: await readFile(join(output, name)) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ToplineError("ENGINE_UNAVAILABLE", `The wheel of the job could not be made: ${why}`, {
      cause: error,
    });
  } finally {
    await rm(output, { recursive: true, force: true });
  }
}
