import { DEFAULT_RETENTION_DAYS, maintain, type MaintainReport, ToplineError } from "@topline/core";
import type { Command } from "commander";
import { deploymentOf, examples, type Invoke } from "../command.ts";
import { operationId } from "../operation-id.ts";
import { describeOperation } from "../operation-view.ts";
import type { Output } from "../output.ts";
import { right } from "../report-view.ts";
import { loadEngine } from "./run.ts";

interface Options {
  readonly retention?: string;
}

export function addMaintain(program: Command, invoke: Invoke): void {
  program
    .command("maintain")
    .summary("compact the zone, and remove what no version needs")
    .description(
      "Keeps the zone small and quick to open: writes the many files of a date as one, writes checkpoints of the tables' logs, removes data files that no version within the retention needs, and what runs have left that were cut off. No figure changes. Not while a run is open.",
    )
    .option(
      "--retention <days>",
      `for how many days past versions stay readable (default: ${DEFAULT_RETENTION_DAYS})`,
    )
    .addHelpText(
      "after",
      examples(
        "topline maintain",
        "topline maintain --retention 30",
        "topline maintain --json | jq '.vacuumed'",
      ),
    )
    .action(async (options: Options, command: Command) => {
      const invocation = invoke(command);
      const { output } = invocation;
      const retentionDays = daysOf(options.retention);
      loadEngine();
      await using deployment = await deploymentOf(invocation, { command: "topline maintain" });
      const request = { operationId: operationId("maintain"), retentionDays };
      const report = await maintain(deployment.context, request);
      if (output.isJson) return output.json(report);
      await describeOperation(output, report, () => describeMaintenance(output, report));
    });
}

/** @throws {ToplineError} `USAGE` */
function daysOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_RETENTION_DAYS;
  if (/^[0-9]{1,5}(\.[0-9]+)?$/.test(text)) return Number(text);
  throw new ToplineError(
    "USAGE",
    `--retention needs a number of days, such as 7 or 0.5; found ${JSON.stringify(text)}.`,
  );
}

async function describeMaintenance(output: Output, report: MaintainReport): Promise<void> {
  const { checkpoints, vacuumed, leftovers } = report;
  if (checkpoints.length > 0) {
    await output.heading("Checkpoints");
    await output.table([{ name: "table" }, right("version")], checkpoints);
  }
  await output.heading(`Removed (versions since ${report.retained_since} stay readable)`);
  if (vacuumed.length + leftovers.length === 0) await output.line("nothing");
  if (vacuumed.length > 0) {
    await output.table([{ name: "table" }, right("files"), right("bytes")], vacuumed);
  }
  if (leftovers.length > 0) {
    await output.table([{ name: "run_id", title: "left by run" }, right("objects")], leftovers);
  }
}
