import { abandon, assertRunId } from "@topline/core";
import type { Command } from "commander";
import { deploymentOf, examples, type Invoke } from "../command.ts";
import { describeReport } from "../report-view.ts";

export function addAbandon(program: Command, invoke: Invoke): void {
  program
    .command("abandon")
    .summary("close an open run that cannot be finished")
    .description(
      "What the inbox still holds as the run found it is simply there again; of every other file the run's own copy goes to rejected/. What the run has committed stays. Waits for whoever works on the run, prints the run's report, and exits with 0 when the run is closed.",
    )
    .argument("<run-id>", "the open run: topline status names it")
    .addHelpText(
      "after",
      examples(
        "topline abandon 20240626T060000000Z-1a2b3c4d",
        "topline abandon \"$(topline status --json | jq -r .open_run)\" --json | jq '.sources[] | {key, archived_to}'",
      ),
    )
    .action(async (runId: string, _options: object, command: Command) => {
      const invocation = invoke(command);
      const { output } = invocation;
      assertRunId(runId);
      await using deployment = await deploymentOf(invocation, { command: "topline abandon" });
      const report = await abandon(deployment.context, runId);
      if (output.isJson) return output.json(report);
      await describeReport(output, report);
      if (report.status === "succeeded") {
        await output.line(
          "\nIt had done all its work: it is closed, and there was nothing to abandon.",
        );
      }
    });
}
