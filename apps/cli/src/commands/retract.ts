import { retract } from "@topline/core";
import type { Command } from "commander";
import { deploymentOf, examples, type Invoke } from "../command.ts";
import { operationId } from "../operation-id.ts";
import { describeOperation } from "../operation-view.ts";
import { loadEngine } from "./run.ts";

interface Options {
  readonly source: string;
}

export function addRetract(program: Command, invoke: Invoke): void {
  program
    .command("retract")
    .summary("take one source's rows out of the zone, and publish")
    .description(
      "Takes every row that one file brought out of the zone, and publishes what the tables show without it. Rows that other files brought as well stay. The raw file stays in the archive, its rejected rows in the quarantine; uploaded again it is taken in again. Not while a run is open.",
    )
    .requiredOption("--source <key>", "the key under which the file came, or its source id")
    .addHelpText(
      "after",
      examples(
        "topline retract --source raw-data/streams/streams1.csv",
        "topline retract --source 0123456789abcdef --json | jq '.rows'",
      ),
    )
    .action(async ({ source }: Options, command: Command) => {
      const invocation = invoke(command);
      const { output } = invocation;
      loadEngine();
      await using deployment = await deploymentOf(invocation, { command: "topline retract" });
      const request = { operationId: operationId("retract"), source };
      const report = await retract(deployment.context, request);
      if (output.isJson) return output.json(report);
      const { key, source_id, archived_to } = report.source;
      await describeOperation(output, report, async () => {
        await output.heading("Source");
        const still = archived_to === "" ? "" : `; the raw file is still ${archived_to}`;
        await output.line(`${key} (${source_id}): ${report.rows} rows left the zone${still}`);
      });
    });
}
