import { preview } from "@topline/core";
import type { Command } from "commander";
import { deploymentOf, examples, type Invoke } from "../command.ts";
import { describePreview } from "../preview-view.ts";

export function addPlan(program: Command, invoke: Invoke): void {
  program
    .command("plan")
    .summary("what the next run would do, and why; changes nothing")
    .description(
      "Tells what lies in the inbox, what is left of an open run, which dates would be computed and why, and which tables are to be made or would be written to. Of a file in the inbox it knows what the key says: whether its head is refused, and which dates its listens have, is told by the run. Where only the catalogue changed, the zone's data files are read to tell the dates that this touches. Makes no bucket and no table, and takes no lease.",
    )
    .addHelpText(
      "after",
      examples("topline plan", "topline plan --json | jq -e '.actions == []'   # all is done"),
    )
    .action(async (_options: object, command: Command) => {
      const invocation = invoke(command);
      const { output } = invocation;
      const settings = { command: "topline plan", isReadOnly: true };
      await using deployment = await deploymentOf(invocation, settings);
      const { context, missingTables } = deployment;
      const found = await preview(context, { missingTables });
      return output.isJson ? output.json(found) : describePreview(output, found);
    });
}
