import { type EngineName, newRunId, toFault, ToplineError, watch } from "@topline/core";
import type { Command } from "commander";
import { deploymentOf, examples, type Invocation, type Invoke } from "../command.ts";
import { exitCodeOf } from "../exit-code.ts";
import { describeReport } from "../report-view.ts";
import { engineOption } from "../settings.ts";
import { watchNarrator } from "../watch-narration.ts";
import { watchProgress } from "../watch-progress.ts";

interface Options {
  readonly interval: string;
  readonly engine?: EngineName;
}

export function addWatch(program: Command, invoke: Invoke): void {
  program
    .command("watch")
    .summary("run whenever something arrives, until stopped")
    .description(
      "Finishes what was left, takes in what lies in the inbox, then looks for changes until Ctrl-C (exit code 0), which is safe at any moment: the next run finishes what was begun. What waits for a dataset or has failed is tried again once something changes; a failure that may pass, also after a while, ever more rarely. With --json it prints one document a run, each on a line of its own (JSON lines); a fault that ends the watch is the last of them.",
    )
    .option("--interval <seconds>", "how long to pause between two looks at the inbox", "3")
    .addOption(engineOption())
    .addHelpText(
      "after",
      examples("topline watch", "topline watch --interval 30 --json | jq -c '{run_id, status}'"),
    )
    .action(async (options: Options, command: Command) => {
      const invocation = invoke(command);
      const { output } = invocation;
      try {
        await keepWatch(invocation, options);
      } catch (error) {
        if (!output.isJson) throw error;
        await output.jsonLine({ error: toFault(error) });
        invocation.setExitCode(exitCodeOf(error));
      }
    });
}

async function keepWatch(invocation: Invocation, options: Options): Promise<void> {
  const { output, terminal } = invocation;
  const pause = intervalMs(options);
  const progress = watchProgress(invocation);
  await using deployment = await deploymentOf(invocation, {
    command: "topline watch",
    engine: options.engine,
    onJobProgress: (job) => progress.job(job),
  });
  const { signal } = deployment.context;
  await watch(deployment.context, {
    intervalMs: pause,
    random: Math.random,
    newRunId: () => newRunId(new Date(), crypto.randomUUID().slice(0, 8)),
    onStep: (step, runId) => progress.step(step, runId),
    async onReport(report) {
      await progress.end(report.status === "failed" ? "failed" : "done");
      if (output.isJson) return output.jsonLine(report);
      await describeReport(output, report);
      await output.line();
    },
    onState: watchNarrator(invocation),
  });
  // Stopped by its user it has done what it was to do; by the loss of the harness it has not.
  if (!terminal.signal.aborted) throw signal?.reason;
}

/** @throws {ToplineError} `USAGE` */
function intervalMs({ interval }: Options): number {
  const seconds = /^[0-9]{1,5}(\.[0-9]{1,3})?$/.test(interval) ? Number(interval) : 0;
  if (seconds >= 0.1 && seconds <= 86_400) return seconds * 1000;
  throw new ToplineError(
    "USAGE",
    `${JSON.stringify(interval)} is no interval: a number of seconds from 0.1 to 86400.`,
  );
}
