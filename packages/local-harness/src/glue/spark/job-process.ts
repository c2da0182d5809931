// The process of one job run: makes ready what its script needs, runs it, and says what became of it.
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { toFault, ToplineError } from "@topline/core/errors";
import { errorMessageOf } from "./error-message.ts";
import { fetchObject } from "./fetching.ts";
import { installation } from "./installation.ts";
import { readParameters } from "./parameters.ts";
import { requireJava } from "./prerequisites.ts";
import { environmentOf, settingsOf } from "./settings.ts";
import { sparkHome } from "./spark-home.ts";
import type { JobEvent, JobSpec } from "./spec.ts";

// It is meant for the script; this process says how that ended.
process.on("SIGTERM", () => {});

const say = (event: JobEvent) => process.stdout.write(`${JSON.stringify(event)}\n`);

try {
  const spec = JSON.parse(await readFile(process.argv[2] ?? "", "utf8")) as JobSpec;
  say({ event: "ended", message: await runJob(spec) });
} catch (error) {
  const { code, message } = toFault(error);
  const isFault = ToplineError.is(error) || !(error instanceof Error);
  process.stderr.write(`${isFault ? `${code}: ${message}` : error.stack}\n`);
  say({ event: "ended", message: `${code}: ${message}` });
}

/** @returns what Glue would tell of its failure, or null */
async function runJob(spec: JobSpec): Promise<string | null> {
  const { directory, endpoints, home, log } = spec;
  const parameters = readParameters(spec.arguments);
  const java = await requireJava();
  const preparing = (what: string) => {
    process.stderr.write(`${what}\n`);
    say({ event: "preparing", what });
  };
  const spark = await installation(home, java, preparing);
  for (const folder of ["tmp", "local", "conf", "cwd"]) await mkdir(join(directory, folder));
  const fetchAll = (urls: readonly string[], folder: string) =>
    Promise.all(urls.map((url) => fetchObject(url, endpoints.s3, join(directory, folder))));
  const [script = ""] = await fetchAll([parameters.script ?? spec.script], "script");
  const pythonFiles = await fetchAll(parameters.pythonFiles, "python");
  const jars = await fetchAll(parameters.jars, "jars");
  await fetchAll(parameters.files, "cwd");

  const settings = join(directory, "spark.conf");
  await writeFile(settings, settingsOf(spec, [spark.jars, ...jars].join(delimiter)));
  // A module by itself is found in its folder.
  const path = pythonFiles.map((file) => (file.endsWith(".py") ? dirname(file) : file));
  const command = [
    "--properties-file",
    settings,
    "--name",
    spec.jobName,
    ...parameters.conf.flatMap((setting) => ["--conf", setting]),
    script,
    ...parameters.forScript,
    "--JOB_NAME",
    spec.jobName,
    "--JOB_RUN_ID",
    spec.runId,
  ];
  const env = {
    ...sparkHome(spark, java),
    ...environmentOf(spec),
    ...(path.length === 0 ? {} : { PYTHONPATH: path.join(delimiter) }),
  };
  const end = await submit(join(spark.spark, "bin", "spark-submit"), command, spec, env);
  return end === "exit code 0" ? null : errorMessageOf(log, end);
}

/** @returns how it ended */
function submit(
  program: string,
  args: readonly string[],
  { directory, log }: JobSpec,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const output = openSync(log, "a");
  const child = spawn(program, args, {
    env,
    cwd: join(directory, "cwd"),
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  say({ event: "running" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, by) => resolve(by ?? `exit code ${code}`));
  });
}
