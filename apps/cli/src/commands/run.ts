import { resolve } from "node:path";
import {
  assertRunId,
  type EngineName,
  newRunId,
  run,
  type RunOptions,
  type RunReport,
} from "@topline/core";
import type { Command } from "commander";
import { deploymentOf, examples, type Invocation, type Invoke } from "../command.ts";
import type { Deployment } from "../deployment.ts";
import { exitCodeOfRun } from "../exit-code.ts";
import { createProgress, type Progress, silentProgress } from "../progress.ts";
import { describeReport } from "../report-view.ts";
import { calendarDate, engineOption } from "../settings.ts";
import { uploadDirectory } from "../upload.ts";

interface Options {
  readonly data?: string;
  readonly runId?: string;
  readonly date?: string;
  readonly engine?: EngineName;
}

export function addRun(program: Command, invoke: Invoke): void {
  program
    .command("run")
    .summary("take in what lies in the inbox, publish the KPIs, archive the files")
    .description(
      "Finishes the open run, if any, then runs over the inbox. Exits with 0 when it succeeded or had nothing to do, with 1 when it failed or waits for a dataset.",
    )
    .option(
      "--data <dir>",
      "first upload this directory (users.csv, songs.csv, streams/…) into raw-data/",
    )
    .option("--run-id <id>", "the run's id (default: start time and 8 hex digits)")
    .option("--date <date>", "run date in archive and rejected names (default: today, UTC)")
    .addOption(engineOption())
    .addHelpText(
      "after",
      examples(
        "topline run --data ./drop",
        "topline run --engine glue",
        "topline run --json | jq .tables",
      ),
    )
    .action(async (options: Options, command: Command) => {
      const invocation = invoke(command);
      const request = runRequest(options);
      const { data, engine } = options;
      if (engine !== "glue") loadEngine();
      const progress = progressOf(invocation);
      await using deployment = await deploymentOf(invocation, {
        command: "topline run",
        engine,
        onJobProgress: (job) => progress.job(job),
      });
      if (data !== undefined) await upload(invocation, deployment, data);
      const report = await runAndShow(invocation, deployment, request, progress);
      invocation.setExitCode(exitCodeOfRun(report.status));
    });
}

/** While the harness comes up: loading takes a while. What is wrong with it, the transform tells. */
export function loadEngine(): void {
  import("@duckdb/node-api").catch(() => undefined);
}

/** @throws {ToplineError} `RUN_ID_INVALID`, `USAGE` */
export function runRequest({ runId, date }: Pick<Options, "runId" | "date">): RunOptions {
  const id = runId ?? newRunId(new Date(), randomHex());
  assertRunId(id);
  return { runId: id, ...(date === undefined ? {} : { runDate: calendarDate(date) }) };
}

const randomHex = () => crypto.randomUUID().slice(0, 8);

export async function upload(
  { terminal }: Invocation,
  { context }: Deployment,
  data: string,
): Promise<void> {
  const { ignored } = await uploadDirectory(context.store, resolve(terminal.cwd, data));
  for (const file of ignored) {
    terminal.stderr.write(`${file} is no users, songs or streams file; it was not uploaded.\n`);
  }
}

/** Who wants JSON does not look. */
export const progressOf = ({ terminal, output }: Invocation): Progress =>
  output.isJson ? silentProgress : createProgress(terminal);

export async function runAndShow(
  { output }: Invocation,
  { context }: Deployment,
  request: RunOptions,
  progress: Progress,
): Promise<RunReport> {
  const report = await run(context, {
    ...request,
    onStep: (step, runId) => progress.step(step, runId),
  });
  await progress.end(report.status === "failed" ? "failed" : "done");
  if (output.isJson) await output.json(report);
  else await describeReport(output, report);
  return report;
}
