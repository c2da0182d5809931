import {
  archive,
  detect,
  type EngineName,
  type StepName,
  STEPS,
  ToplineError,
  transform,
  validate,
} from "@topline/core";
import { Argument, type Command } from "commander";
import { deploymentOf, examples, type Invoke } from "../command.ts";
import type { Deployment } from "../deployment.ts";
import type { Output } from "../output.ts";
import { jobLine } from "../progress.ts";
import { engineOption } from "../settings.ts";
import { runRequest } from "./run.ts";

interface Options {
  readonly runId?: string;
  readonly date?: string;
  readonly engine?: EngineName;
}

/** Each step as an orchestrator calls it: on its own, in whatever process, as often as it takes. */
export function addStep(program: Command, invoke: Invoke): void {
  program
    .command("step")
    .summary("one step of a run, as an orchestrator calls it")
    .description(
      "Runs one step and prints what it yields. Go on with the run_id that validate returns: it may be that of an open run. transform and archive take the open run unless told otherwise.",
    )
    .addArgument(new Argument("<step>", "the step").choices(STEPS))
    .option("--run-id <id>", "the run (validate: default a new one)")
    .option(
      "--date <date>",
      "run date in archive and rejected names (validate; default: today, UTC)",
    )
    .addOption(engineOption())
    .addHelpText(
      "after",
      examples(
        "topline step detect --json",
        "topline step validate --run-id r1",
        "topline step transform --run-id r1 --engine glue",
        "topline step archive --run-id r1",
      ),
    )
    .action(async (step: StepName, options: Options, command: Command) => {
      const invocation = invoke(command);
      const { output } = invocation;
      if (options.runId !== undefined) runRequest(options);
      await using deployment = await deploymentOf(invocation, {
        command: `topline step ${step}`,
        engine: options.engine,
        onJobProgress(job) {
          if (!output.isJson) invocation.terminal.stderr.write(`${jobLine(job)}\n`);
        },
      });
      const result = await perform(deployment, step, options);
      if (output.isJson) await output.json(result);
      else await describe(output, step, result);
      invocation.setExitCode("status" in result && result.status === "waiting" ? 1 : 0);
    });
}

async function perform(deployment: Deployment, step: StepName, options: Options) {
  const { context } = deployment;
  if (step === "detect") return detect(context, options.runId);
  if (step === "validate") return validate(context, runRequest(options));
  const runId = options.runId ?? (await openRun(deployment));
  return step === "transform" ? transform(context, runId) : archive(context, runId);
}

async function openRun({ context }: Deployment): Promise<string> {
  const open = await context.ledger.openRun();
  if (open !== undefined) return open;
  throw new ToplineError("STEP_OUT_OF_ORDER", "No run is open: run `topline step validate` first.");
}

async function describe(
  output: Output,
  step: StepName,
  result: Awaited<ReturnType<typeof perform>>,
): Promise<void> {
  const line = (text: string) => output.line(text);
  if ("arrivals" in result) {
    const files = Object.values(result.arrivals).flat();
    await line(`detect: ${result.status}, ${files.length} files in the inbox`);
    for (const key of files) await line(`  ${key}`);
    if (result.waiting_for.length > 0) await line(`waiting for ${result.waiting_for.join(", ")}`);
    if (result.open_run !== null) await line(`run ${result.open_run} is open`);
    return;
  }
  if ("accepted" in result) {
    const waiting = result.waiting_for.length > 0 ? ` for ${result.waiting_for.join(", ")}` : "";
    await line(`validate: run ${result.run_id} is ${result.status}${waiting}`);
    for (const key of result.accepted) await line(`  ${key}`);
    for (const { key, code, message } of result.rejected)
      await line(`  ${key}: ${code}: ${message}`);
    return;
  }
  await line(`${step}: run ${result.run_id} done`);
  if ("tables" in result) {
    for (const { table, put, deleted, unchanged } of result.tables) {
      await line(`  ${table}: ${put} put, ${deleted} deleted, ${unchanged} unchanged`);
    }
    return;
  }
  for (const { archived_to } of result.archived) await line(`  ${archived_to}`);
}
