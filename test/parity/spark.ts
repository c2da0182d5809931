import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import {
  type Fault,
  type PipelineContext,
  ToplineError,
  type TransformJob,
} from "../../packages/core/src/index.ts";
import { installation } from "../../packages/local-harness/src/glue/spark/installation.ts";
import { environmentOf, settingsOf } from "../../packages/local-harness/src/glue/spark/settings.ts";
import { sparkHome } from "../../packages/local-harness/src/glue/spark/spark-home.ts";
import type { HarnessEndpoints } from "../../packages/local-harness/src/index.ts";
import type { Versions } from "../delta/rows.ts";
import { GLUE_HOME } from "../machine/glue-home.ts";
import { javaClasspath } from "../machine/java-classpath.ts";

/** The Glue job's step on one Spark session for many runs: a job run each would take a minute for every few. */
export interface SparkTransforms extends AsyncDisposable {
  /** The job of one deployment. */
  over(deployment: { readonly context: PipelineContext; readonly bucket: string }): TransformJob;
  /** Every version of a table of the zone up to this one, as delta-spark tells it. */
  versions(table: { readonly address: string; readonly newest: number }): Promise<Versions>;
  /** What the engine makes of rows that were kept by a worker that has ended. */
  faultOfLoss(): Promise<Fault | null>;
}

interface Answer {
  readonly found: unknown;
  readonly fault: Fault | null;
}

const SCRIPT = fileURLToPath(new URL("../../apps/glue-job/tests/driver/serve.py", import.meta.url));
const DELTA = fileURLToPath(new URL("../delta/pom.xml", import.meta.url));
/** It reads without its extension of Spark's SQL, which the job that is tried here does not have. */
const DELTA_SETTINGS = "spark.databricks.delta.requiredSparkConfsCheck.enabled false\n";
const SOURCE = fileURLToPath(new URL("../../apps/glue-job/src", import.meta.url));

export async function startSpark(
  { java, maven }: { readonly java: string; readonly maven: string },
  endpoints: HarnessEndpoints,
): Promise<SparkTransforms> {
  await using held = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "topline-spark-"));
  held.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 20 }));
  for (const folder of ["tmp", "local", "conf"]) await mkdir(join(directory, folder));
  const spark = await installation(GLUE_HOME, java, (what) => process.stderr.write(`${what}\n`));
  const settings = join(directory, "spark.conf");
  const log = join(directory, "spark.log");
  const jars = [spark.jars, await javaClasspath(maven, DELTA)].join(delimiter);
  await writeFile(settings, settingsOf({ endpoints, directory }, jars) + DELTA_SETTINGS);
  const output = await open(log, "a");
  // By Python itself: spark-submit gives its script no stdin.
  const child = spawn(spark.python, [SCRIPT], {
    cwd: directory,
    env: {
      ...sparkHome(spark, java),
      ...environmentOf({ endpoints, directory }),
      PYSPARK_SUBMIT_ARGS: `--properties-file ${settings} pyspark-shell`,
      PYTHONPATH: SOURCE,
      PYTHONDONTWRITEBYTECODE: "1",
    },
    stdio: ["pipe", "pipe", output.fd],
  }) as ChildProcessByStdio<Writable, Readable, null>;
  await output.close();
  const ended = once(child, "close");
  held.defer(async () => {
    child.stdin.end();
    await ended;
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const kept = held.move();

  let last: Promise<unknown> = Promise.resolve();
  const ask = (request: string, argument: unknown): Promise<Answer> => {
    const next = last.then(async () => {
      child.stdin.write(`${JSON.stringify([request, argument])}\n`);
      const { value, done } = await answers.next();
      if (done === true)
        throw new Error(`Spark ended: ${(await readFile(log, "utf8")).slice(-4000)}`);
      return JSON.parse(value) as Answer;
    });
    last = next.catch(() => undefined);
    return next;
  };
  return {
    over: ({ context, bucket }) => ({
      name: "spark",
      async run({ runId, holder, leaseSeconds, waitForLease }) {
        const parameters = {
          bucket,
          run_id: runId,
          table_prefix: context.tablePrefix,
          holder,
          lease_seconds: String(leaseSeconds),
          wait_for_lease: String(waitForLease),
        };
        const { fault } = await ask(
          "transform",
          Object.entries(parameters).flatMap(([parameter, value]) => [`--${parameter}`, value]),
        );
        if (fault !== null) throw new ToplineError("ENGINE_FAILED", fault.message);
      },
    }),
    async versions(table) {
      const { found, fault } = await ask("versions", table);
      if (fault !== null) throw new Error(fault.message);
      return found as Versions;
    },
    faultOfLoss: async () => (await ask("lose", null)).fault,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
