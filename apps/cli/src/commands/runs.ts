import {
  assembleReport,
  readDocument,
  reportKey,
  type RunReport,
  runReportSchema,
  type RunSummary,
  ToplineError,
} from "@topline/core";
import type { Command } from "commander";
import { deploymentOf, examples, type Invoke } from "../command.ts";
import type { Deployment } from "../deployment.ts";
import type { Column } from "../output.ts";
import { describeReport } from "../report-view.ts";

export const RUN_COLUMNS: readonly Column[] = [
  { name: "run_id", title: "run" },
  { name: "status" },
  { name: "started_at", title: "started" },
  { name: "sources", title: "files", align: "right" },
  { name: "rejected", title: "refused", align: "right" },
  { name: "accepted", align: "right" },
  { name: "quarantined", align: "right" },
  { name: "dates", align: "right" },
  { name: "error" },
];

export function addRuns(program: Command, invoke: Invoke): void {
  program
    .command("runs")
    .summary("the ledger of runs; one run's report")
    .argument("[run-id]", "print this run's report")
    .addHelpText(
      "after",
      examples("topline runs", "topline runs 20240626T060000000Z-1a2b3c4d --json"),
    )
    .action(async (runId: string | undefined, _options: object, command: Command) => {
      const invocation = invoke(command);
      const { output } = invocation;
      await using deployment = await deploymentOf(invocation, { command: "topline runs" });
      if (runId !== undefined) {
        const report = await reportOf(deployment, runId);
        const log = await deployment.jobLog(runId);
        if (output.isJson) return output.json(log === undefined ? report : { ...report, log });
        await describeReport(output, report);
        return log === undefined ? undefined : output.line(`\nLog of the Glue job: ${log}`);
      }
      const { ledger } = deployment.context;
      if (output.isJson) return output.jsonArray(ledger.list());
      const runs: RunSummary[] = [];
      for await (const run of ledger.list()) runs.push(run);
      if (runs.length === 0) return output.line("No runs yet: `topline run` makes one.");
      return output.table(RUN_COLUMNS, runs);
    });
}

/** @throws {ToplineError} `RUN_NOT_FOUND` */
async function reportOf({ context }: Deployment, runId: string): Promise<RunReport> {
  const summary = await context.ledger.get(runId);
  if (summary === undefined) {
    throw new ToplineError(
      "RUN_NOT_FOUND",
      `There is no run ${JSON.stringify(runId)}; \`topline runs\` lists them.`,
    );
  }
  const closed = await readDocument(context.store, reportKey(runId), runReportSchema);
  return closed ?? assembleReport(context, runId);
}
