import { erase, type EraseReport, type Remains } from "@topline/core";
import { userRecords } from "@topline/validators";
import type { Command } from "commander";
import { deploymentOf, examples, type Invoke } from "../command.ts";
import { operationId } from "../operation-id.ts";
import { describeOperation } from "../operation-view.ts";
import type { Output } from "../output.ts";
import { right } from "../report-view.ts";
import { loadEngine } from "./run.ts";

interface Options {
  readonly user: string;
}

const PLACES: Readonly<Record<Remains["place"], string>> = {
  inbox: "raw-data/, which no run has taken in yet",
  rejected: "rejected/, files that were refused whole",
  "object-versions": "earlier versions of objects, where the bucket keeps them",
  backups: "backups, and copies that others have made",
};

export function addErase(program: Command, invoke: Invoke): void {
  program
    .command("erase")
    .summary("take a user out of the zone, the quarantine and the archive")
    .description(
      "Takes every record of a user out of the archive's copies, the quarantine and the zone, publishes, and removes the data files of all past versions of the zone at once. Says what it touched, and where the user may be found still. There is no way back. Not while a run is open.",
    )
    .requiredOption("--user <id>", "the user_id, exactly as it is written in the files")
    .addHelpText(
      "after",
      examples(
        "topline erase --user 26213",
        "topline erase --user 26213 --json | jq '{archive, quarantine, rows, remains}'",
      ),
    )
    .action(async ({ user }: Options, command: Command) => {
      const invocation = invoke(command);
      const { output } = invocation;
      loadEngine();
      await using deployment = await deploymentOf(invocation, { command: "topline erase" });
      const report = await erase(deployment.context, {
        operationId: operationId("erase"),
        userId: user,
        records: userRecords,
      });
      if (output.isJson) return output.json(report);
      await describeOperation(output, report, () => describeErasure(output, report));
    });
}

async function describeErasure(output: Output, report: EraseReport): Promise<void> {
  const { archive, quarantine, rows, vacuumed, leftovers, remains } = report;
  await output.heading("Erased");
  const objects = [...archive, ...quarantine];
  await output.line(`from the zone: ${rows.users} rows of users, ${rows.streams} of streams`);
  if (objects.length > 0) {
    await output.table([{ name: "key", title: "object" }, right("records")], objects);
  }
  const files = vacuumed.reduce((sum, table) => sum + table.files, 0);
  const copies = leftovers.reduce((sum, run) => sum + run.objects, 0);
  await output.line(`Data files of past versions removed: ${files}; leftover copies: ${copies}`);
  await output.heading("Left alone, and where the user may be found still");
  for (const { place, objects: count } of remains) {
    const counted = count === null ? "" : `: ${count} objects`;
    if (count !== 0) await output.line(`${PLACES[place]}${counted}`);
  }
}
