import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { runtimeArguments } from "../../harness/runtime.ts";
import { spawnTiedGroup } from "../../processes/tied-group.ts";
import type { Execute, ExecutionEnd, ExecutionEvents, ExecutionRequest } from "../execution.ts";
import type { JobEvent, JobSpec, SparkEndpoints } from "./spec.ts";

export interface SparkOptions {
  /** Where Spark is installed, or is to be: some 700 MB. */
  readonly home: string;
  /** What the jobs work on; asked as each begins. */
  readonly endpoints: () => SparkEndpoints;
}

const module = new URL(
  import.meta.url.endsWith(".ts") ? "./job-process.ts" : "./job-process.js",
  import.meta.url,
);

/** How long a job has to end by itself once it was told to. */
const GRACE_MS = 5_000;

/**
 * Carries runs out by `spark-submit`, each in a process group of its own. What is to be found, installed and fetched
 * first is the business of a process in that group, so that this one stays small, and free to answer.
 */
export function executeBySpark({ home, endpoints }: SparkOptions): Execute {
  return (request, events) => {
    try {
      return execute(specOf(request, home, endpoints()), events);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const end: ExecutionEnd = { status: "failed", message };
      return { ended: Promise.resolve(end), stop() {}, kill() {} };
    }
  };
}

function specOf(
  { job, run, directory, log }: ExecutionRequest,
  home: string,
  endpoints: SparkEndpoints,
): JobSpec {
  const { DefaultArguments, NonOverridableArguments, Command } = job;
  return {
    jobName: job.Name,
    runId: run.Id,
    script: Command.ScriptLocation,
    arguments: { ...DefaultArguments, ...run.Arguments, ...NonOverridableArguments },
    directory,
    log,
    home,
    endpoints,
  };
}

function execute(spec: JobSpec, events: ExecutionEvents): ReturnType<Execute> {
  mkdirSync(spec.directory, { recursive: true });
  const file = join(spec.directory, "spec.json");
  writeFileSync(file, JSON.stringify(spec), { mode: 0o600 });
  const script = fileURLToPath(module);
  const log = openSync(spec.log, "a", 0o600);
  let end: ExecutionEnd | undefined;
  const group = spawnTiedGroup(process.execPath, [...runtimeArguments(script), file], {
    env: process.env,
    cwd: dirname(script),
    stderr: log,
  });
  closeSync(log);
  createInterface({ input: group.stdout }).on("line", (line) => {
    const said = JSON.parse(line) as JobEvent;
    if (said.event === "preparing") events.preparing(said.what);
    else if (said.event === "running") events.running();
    else end = said.message === null ? SUCCEEDED : { status: "failed", message: said.message };
  });
  let force: NodeJS.Timeout | undefined;
  const ended = group.ended.then((how): ExecutionEnd => {
    clearTimeout(force);
    return end ?? { status: "failed", message: `Command failed: ${how}` };
  });
  return {
    ended,
    stop() {
      group.signal("TERM");
      force ??= setTimeout(() => group.signal("KILL"), GRACE_MS);
    },
    kill: () => group.signal("KILL"),
  };
}

const SUCCEEDED: ExecutionEnd = { status: "succeeded" };
