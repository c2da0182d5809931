import type { Command } from "commander";
import { deploymentOf, examples, type Invoke } from "../command.ts";
import type { Column } from "../output.ts";
import { type QuarantineFilter, quarantined, type Rejected } from "../quarantined.ts";

interface Options extends QuarantineFilter {
  readonly limit: string;
}

const COLUMNS: readonly Column[] = [
  { name: "key", title: "file" },
  { name: "record", align: "right" },
  { name: "reason" },
  { name: "text" },
];

export function addQuarantine(program: Command, invoke: Invoke): void {
  program
    .command("quarantine")
    .summary("rejected rows and files, with reasons")
    .option("--run <id>", "only what this run rejected")
    .option("--source <key>", "only what came under this key")
    .option("--reason <reason>", "only this reason, such as invalid:listen_time or NOT_TEXT")
    .option("--limit <n>", "rows shown to a person; JSON has all", "100")
    .addHelpText(
      "after",
      examples(
        "topline quarantine --source raw-data/streams/streams1.csv",
        "topline quarantine --reason malformed --json | jq -r '.[].text'",
      ),
    )
    .action(async (options: Options, command: Command) => {
      const invocation = invoke(command);
      const { output } = invocation;
      await using deployment = await deploymentOf(invocation, { command: "topline quarantine" });
      const found = quarantined(deployment.context, options);
      if (output.isJson) return output.jsonArray(found);

      const shown: Rejected[] = [];
      let more = 0;
      for await (const rejected of found) {
        if (shown.length < Number(options.limit)) shown.push(rejected);
        else more++;
      }
      if (shown.length === 0) return output.line("Nothing was rejected.");
      await output.table(COLUMNS, shown);
      if (more > 0) await output.line(`… and ${more} more: --limit, or --json for all`);
    });
}
