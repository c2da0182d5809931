import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { takeLock } from "../../packages/local-harness/src/harness/lock.ts";

const run = promisify(execFile);

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/topline/", import.meta.url));

/** Time to fetch what a suite needs for the first time: hundreds of megabytes. */
export const FETCH_MS = 300_000;

/**
 * The dependencies of a `pom.xml`, with all that they depend on, as a class path. The JARs stay where Maven keeps
 * them, once for the machine; Maven is asked only when this `pom.xml` is new or one of them has gone. Other
 * processes wait for the one that asks.
 */
export async function javaClasspath(maven: string, pom: string): Promise<string> {
  const hash = createHash("sha256")
    .update(await readFile(pom))
    .digest("hex");
  const known = join(CACHE, `classpath-${hash.slice(0, 16)}`);
  const present = await readComplete(known);
  if (present !== undefined) return present;
  await mkdir(CACHE, { recursive: true });
  const held = await takeLock(join(CACHE, "java.lock"), AbortSignal.timeout(FETCH_MS));
  try {
    const made = await readComplete(known);
    if (made !== undefined) return made;
    process.stderr.write(`Fetching the JARs of ${pom} (once)\n`);
    const fetched = `${known}.new`;
    const goal = ["dependency:build-classpath", `-Dmdep.outputFile=${fetched}`];
    await run(maven, ["-q", "-B", "-f", pom, ...goal], { timeout: FETCH_MS });
    await rename(fetched, known);
    return await readFile(known, "utf8");
  } finally {
    held?.release();
  }
}

async function readComplete(file: string): Promise<string | undefined> {
  const classpath = await readFile(file, "utf8").catch(() => "");
  const isComplete = classpath !== "" && classpath.split(delimiter).every((jar) => existsSync(jar));
  return isComplete ? classpath : undefined;
}
