import { replay, type ReplayedSources, type SourceReplay, ToplineError } from "@topline/core";
import type { Command } from "commander";
import { deploymentOf, examples, type Invoke } from "../command.ts";
import { operationId } from "../operation-id.ts";
import { describeOperation } from "../operation-view.ts";
import type { Column } from "../output.ts";
import { right } from "../report-view.ts";
import { loadEngine } from "./run.ts";

interface Options {
  readonly source?: string;
  readonly all?: boolean;
}

const SOURCES: readonly Column[] = [
  { name: "key", title: "file" },
  right("rows"),
  right("accepted"),
  { name: "outcome" },
];

export function addReplay(program: Command, invoke: Invoke): void {
  program
    .command("replay")
    .summary("read archived files again under today's contracts, and publish")
    .description(
      "Replaces a source's rows in the zone, and its quarantine, by what today's contracts and limits make of its archived file. A source that was retracted, whose file is gone, or that is refused whole today is left as it is, with a warning. Not while a run is open.",
    )
    .option("--source <key>", "the key under which the file came, or its source id")
    .option("--all", "every source that was taken in and not retracted")
    .addHelpText(
      "after",
      examples(
        "topline replay --source raw-data/streams/streams1.csv",
        "topline replay --all --json | jq '.sources[] | select(.left)'",
      ),
    )
    .action(async (options: Options, command: Command) => {
      const invocation = invoke(command);
      const { output } = invocation;
      const sources = sourcesOf(options);
      loadEngine();
      await using deployment = await deploymentOf(invocation, { command: "topline replay" });
      const request = { operationId: operationId("replay"), sources };
      const report = await replay(deployment.context, request);
      if (output.isJson) return output.json(report);
      await describeOperation(output, report, async () => {
        await output.heading("Files");
        await output.table(SOURCES, report.sources.map(sourceRow));
      });
    });
}

/** @throws {ToplineError} `USAGE` */
function sourcesOf({ source, all }: Options): ReplayedSources {
  if (source !== undefined && all === undefined) return { source };
  if (source === undefined && all === true) return "all";
  throw new ToplineError("USAGE", "topline replay needs exactly one of --source and --all.");
}

function sourceRow({ key, rows, accepted, quarantined, left }: SourceReplay) {
  if (left !== null) return { key, rows: null, accepted: null, outcome: `left: ${left}` };
  const reasons = Object.entries(quarantined).map(([reason, count]) => `${reason} × ${count}`);
  return { key, rows, accepted, outcome: reasons.join(", ") };
}
