import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { FETCH_MS } from "../../../test/machine/java-classpath.ts";
import { describeNeeding } from "../../../test/needs.ts";
import { startGlueServer } from "../src/glue/server.ts";
import { executeBySpark } from "../src/glue/spark/execute.ts";
import { openHarness } from "../src/harness/index.ts";
import { GlueScripts } from "./glue-scripts.ts";
import { END_MS, isDeserted, isRunning, Place, processesOf, until } from "./harness-processes.ts";
import { storedZip } from "./stored-zip.ts";

/** Jobs that really run: small scripts, by spark-submit. */

vi.setConfig({ testTimeout: 300_000 });

/** Stands at what it is told until a file is there; so do its child, and a worker of Spark's. */
const STANDING = `
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "600"])
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
if options.get("--deaf") == "1":
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("standing", os.getpid(), child.pid, os.getppid(), flush=True)
while not os.path.exists(options["--until"]):
    time.sleep(0.05)
child.kill()
`;

async function pidsIn(scripts: GlueScripts, id: string): Promise<number[]> {
  // With its end: a line can come in pieces.
  const pids = await scripts.untilLogged(id, /^standing (\d+) (\d+) (\d+)$\n/m);
  return pids.map(Number);
}

async function untilGone(pids: readonly number[]): Promise<void> {
  expect(pids).toHaveLength(3);
  const areGone = async () => (await Promise.all(pids.map(isRunning))).every((is) => !is);
  await until(`${pids.join(", ")} have ended`, areGone, END_MS);
}

describeNeeding(["java", "python", "uv"], "jobs of the embedded Glue", () => {
  let state: string;
  let harness: Awaited<ReturnType<typeof openHarness>>;
  let scripts: GlueScripts;
  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), "topline-glue-"));
    harness = await openHarness({ stateDirectory: state });
    const directory = join(state, "glue");
    scripts = await GlueScripts.at({ ...harness.endpoints, directory });
    // Spark is installed when the first job runs.
    await scripts.run(await scripts.job("pass"));
  }, FETCH_MS);
  afterAll(async () => {
    scripts?.[Symbol.dispose]();
    await harness?.[Symbol.asyncDispose]();
    await rm(state, { recursive: true, force: true, maxRetries: 20 });
  });

  test("a script gets the job's arguments as the run overrides them, and the harness in its environment", async () => {
    const job = await scripts.job(
      `
import json, os, sys
names = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_GLUE", "AWS_REGION"]
print("told", json.dumps([sys.argv[1:], [os.environ.get(n) for n in names], sys.version_info[:2]]))
import boto3
print("found", [b["Name"] for b in boto3.client("s3").list_buckets()["Buckets"]])
`,
      {
        DefaultArguments: { "--a": "of the job", "--b": "of the job", "--enable-metrics": "true" },
      },
    );
    const run = await scripts.run(job, { "--b": "of the run", "--c": "two words" });
    const log = await scripts.log(run.Id);
    expect(run.JobRunState, log).toBe("SUCCEEDED");
    const told = JSON.parse(/^told (.*)$/m.exec(log)?.[1] ?? "") as unknown;
    const { s3, dynamodb, glue, region } = harness.endpoints;
    const own = "--a|of the job|--b|of the run|--enable-metrics|true|--c|two words".split("|");
    expect(told).toEqual([
      [...own, "--JOB_NAME", job, "--JOB_RUN_ID", run.Id],
      [s3, dynamodb, glue, region],
      [3, 11],
    ]);
    expect(log).toContain(`'${scripts.bucket}'`);
  });

  test("Spark reads and writes s3:// with modules of the job's own, and leaves no trace of its work", async () => {
    const module = await scripts.put("lib/shout.py", "def shout(text): return text.upper()\n");
    const zip = await scripts.put(
      "lib/more.zip",
      storedZip({ "more/__init__.py": "MARK = '!'\n" }),
    );
    const wheel = await scripts.put(
      "most-1-py3-none-any.whl",
      storedZip({ "most.py": "ALL = 3\n" }),
    );
    const input = await scripts.put("in/part=1/a b.txt", "one\ntwo\n");
    const job = await scripts.job(
      `
import shout, more, most
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
lines = spark.read.text("${input.replace("/part=1/a b.txt", "")}")
said = lines.rdd.map(lambda row: shout.shout(row[0]) + more.MARK * most.ALL).collect()
lines.write.parquet("s3://${scripts.bucket}/out")
back = spark.read.parquet("s3://${scripts.bucket}/out").count()
conf = spark.sparkContext.getConf()
print("said", sorted(said), back, conf.get("spark.driver.memory"), conf.get("spark.x"))
`,
      {
        DefaultArguments: {
          "--extra-py-files": [module, zip, wheel].join(","),
          "--conf": "spark.driver.memory=777m --conf spark.x=y=z",
        },
      },
    );
    const run = await scripts.run(job);
    const log = await scripts.log(run.Id);
    expect(run.JobRunState, log).toBe("SUCCEEDED");
    expect(log).toContain("said ['ONE!!!', 'TWO!!!'] 2 777m y=z");
    expect(await readdir(join(state, "glue", "work"))).toEqual([]);
  });

  test.each([
    ["raise ValueError('first\\nsecond')", "ValueError: first\nsecond"],
    [
      "import sys\nprint('the last words')\nsys.exit(3)",
      "Command failed with exit code 3: the last words",
    ],
  ])("a script that fails tells its last exception: %j", async (script, message) => {
    const run = await scripts.run(await scripts.job(script));
    expect(run).toMatchObject({ JobRunState: "FAILED", ErrorMessage: message });
  });

  test("a script that is not there, and modules that would have to be installed, are told", async () => {
    const missing = await scripts.job("pass", {
      Command: { Name: "glueetl", ScriptLocation: `s3://${scripts.bucket}/nothing.py` },
    });
    const { ErrorMessage } = await scripts.run(missing);
    expect(ErrorMessage).toMatch(/^ENGINE_UNAVAILABLE: s3:.*nothing\.py cannot be read: .* 404/s);
    const wanting = await scripts.job("pass", {
      DefaultArguments: { "--additional-python-modules": "pandas" },
    });
    expect((await scripts.run(wanting)).ErrorMessage).toContain("--additional-python-modules");
  });

  test.each(["0", "1"])(
    "a run that is stopped ends with every process of it, deaf to SIGTERM or not (%s)",
    async (deaf) => {
      const job = await scripts.job(STANDING);
      const id = await scripts.start(job, { "--until": "/nowhere", "--deaf": deaf });
      const pids = await pidsIn(scripts, id);
      await scripts.stop(job, id);
      expect(await scripts.untilOver(job, id)).toMatchObject({ JobRunState: "STOPPED" });
      await untilGone(pids);
    },
  );

  test("a run whose time is over ends with every process of it", async () => {
    const directory = join(state, "glue-timeout");
    await using server = await startGlueServer({
      directory,
      minuteMs: 20_000,
      loadExecute: async () =>
        executeBySpark({
          home: process.env["TOPLINE_GLUE_HOME"] ?? "",
          endpoints: () => harness.endpoints,
        }),
    });
    const place = { s3: harness.endpoints.s3, glue: server.endpoint, directory };
    using timed = await GlueScripts.at(place);
    const job = await timed.job(STANDING, { Timeout: 1 });
    const id = await timed.start(job, { "--until": "/nowhere" });
    const pids = await pidsIn(timed, id);
    const run = await timed.untilOver(job, id);
    expect(run).toMatchObject({ JobRunState: "TIMEOUT" });
    expect(run.ExecutionTime).toBeGreaterThanOrEqual(20);
    await untilGone(pids);
  });

  test("a harness that is killed takes its jobs along, and the next one tells of them", async () => {
    await using place = await Place.make();
    const user = place.user(undefined);
    const endpoints = await user.endpoints;
    const directory = join(place.state, "glue");
    using killed = await GlueScripts.at({ ...endpoints, directory });
    const job = await killed.job(STANDING);
    const id = await killed.start(job, { "--until": "/nowhere" });
    const pids = await pidsIn(killed, id);
    process.kill(await place.daemonPid(), "SIGKILL");
    await untilGone(pids);
    await until("no process is left", () => isDeserted(place.root), END_MS);
    await using next = await openHarness({ stateDirectory: place.state });
    using after = await GlueScripts.at({ ...next.endpoints, directory });
    expect(await after.untilOver(job, id)).toMatchObject({
      JobRunState: "FAILED",
      ErrorMessage: expect.stringContaining("The harness ended") as string,
    });
    expect(existsSync(join(directory, "work"))).toBe(false);
  });

  test("a harness that ends with its last user takes its jobs along", async () => {
    await using place = await Place.make();
    const user = place.user(undefined);
    const directory = join(place.state, "glue");
    using scripts = await GlueScripts.at({ ...(await user.endpoints), directory });
    const job = await scripts.job(STANDING);
    const pids = await pidsIn(scripts, await scripts.start(job, { "--until": "/nowhere" }));
    user.kill();
    await until("no process is left", () => isDeserted(place.root), END_MS);
    await untilGone(pids);
    expect(await processesOf(place.root)).toEqual([]);
  });
});
