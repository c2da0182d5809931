import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { takeLock } from "../../harness/lock.ts";
import { PYTHON, requirePython, requireUv } from "./prerequisites.ts";
import { call } from "./program.ts";
import { sparkHome } from "./spark-home.ts";
import { unavailable } from "./unavailable.ts";

const LOCK = new URL("../../../python/glue-requirements.txt", import.meta.url);

/** The file system S3A, as Spark 3.5 fits it; what it depends on comes with it. */
const PACKAGES = "org.apache.hadoop:hadoop-aws:3.3.4";

const INSTALL_MS = 900_000;

/** Spark as a job runs on it. */
export interface Installation {
  readonly python: string;
  /** `SPARK_HOME`. */
  readonly spark: string;
  /** A class path with S3A. */
  readonly jars: string;
}

/**
 * Spark in a folder below `home`, installed there at the first call for what the lock says: the packages by uv, checked
 * by their hashes; the JARs by Spark's own Ivy. From then on nothing is looked up and no network is asked. Other
 * processes wait for the one that installs.
 *
 * @param preparing hears what takes long
 * @throws {ToplineError} `ENGINE_UNAVAILABLE` with the reason and the remedy
 */
export async function installation(
  home: string,
  java: string,
  preparing: (what: string) => void,
): Promise<Installation> {
  const lock = await readFile(LOCK);
  const hash = createHash("sha256").update(lock).update(PACKAGES).update(PYTHON).digest("hex");
  const folder = join(home, `spark-${hash.slice(0, 16)}`);
  const venv = join(folder, "python");
  const found: Installation = {
    python: join(venv, "bin", "python"),
    spark: join(venv, "lib", `python${PYTHON}`, "site-packages", "pyspark"),
    jars: join(folder, "jars", "*"),
  };
  const marker = join(folder, "complete");
  // The interpreter that it was made with may have gone since.
  const isComplete = () => existsSync(marker) && existsSync(found.python);
  if (isComplete()) return found;

  const uv = await requireUv();
  const python = await requirePython(uv);
  await mkdir(home, { recursive: true });
  preparing(`Waiting for another process that installs Spark in ${home}`);
  const held = await takeLock(join(home, "install.lock"), AbortSignal.timeout(INSTALL_MS));
  if (held === undefined) {
    throw unavailable(
      `Another process has been installing Spark in ${home} for ${INSTALL_MS / 60_000} min. End it and try again.`,
    );
  }
  try {
    if (isComplete()) return found;
    await rm(folder, { recursive: true, force: true });
    preparing(`Installing PySpark for the embedded Glue in ${folder} (once; some 350 MB)`);
    await install(uv, python, venv, found.python);
    preparing(`Fetching the JARs of S3A into ${folder} (once; some 280 MB)`);
    await fetchJars(found, java, folder);
    await writeFile(marker, "");
    return found;
  } finally {
    held.release();
  }
}

async function install(uv: string, python: string, venv: string, inVenv: string): Promise<void> {
  const quiet = ["-q", "--no-python-downloads"];
  const file = fileURLToPath(LOCK);
  const commands = [
    ["venv", ...quiet, "--no-project", "--python", python, venv],
    ["pip", "sync", ...quiet, "--require-hashes", "--python", inVenv, file],
  ];
  for (const args of commands) {
    const { ok, end, output } = await call(uv, args, { timeoutMs: INSTALL_MS });
    if (ok) continue;
    throw unavailable(
      `PySpark could not be installed: uv ${args[0]} ended with ${end}. It needs the network once, or what uv has in its cache. It wrote: ${output}`,
    );
  }
}

/** A script without work: Spark resolves its packages before it runs one. */
async function fetchJars(
  { python, spark, jars }: Installation,
  java: string,
  folder: string,
): Promise<void> {
  const ivy = join(folder, "ivy");
  const script = join(folder, "nothing.py");
  await writeFile(script, "");
  const { ok, end, output } = await call(
    join(spark, "bin", "spark-submit"),
    ["--packages", PACKAGES, "--conf", `spark.jars.ivy=${ivy}`, script],
    { timeoutMs: INSTALL_MS, env: sparkHome({ python, spark }, java) },
  );
  if (!ok) {
    throw unavailable(
      `The JARs of S3A (${PACKAGES}) could not be fetched: spark-submit ended with ${end}. It needs the network once, or a Maven repository of yours (DEFAULT_ARTIFACT_REPOSITORY). It wrote: ${output}`,
    );
  }
  await rename(join(ivy, "jars"), join(jars, ".."));
  await rm(ivy, { recursive: true, force: true });
  await rm(script);
}
