import { rebuild, type RebuildDates, ToplineError } from "@topline/core";
import type { Command } from "commander";
import { deploymentOf, examples, type Invoke } from "../command.ts";
import { operationId } from "../operation-id.ts";
import { describeOperation } from "../operation-view.ts";
import { calendarDate } from "../settings.ts";
import { loadEngine } from "./run.ts";

interface Options {
  readonly date?: string;
  readonly from?: string;
  readonly to?: string;
  readonly all?: boolean;
}

export function addRebuild(program: Command, invoke: Invoke): void {
  program
    .command("rebuild")
    .summary("compute dates anew from the zone, and publish them")
    .description(
      "Computes a date, a range of dates (both ends included) or all of them anew from the zone, whatever the tables show of it, and writes what differs. Nothing is read but the zone. Not while a run is open.",
    )
    .option("--date <date>", "one date")
    .option("--from <date>", "the first of a range")
    .option("--to <date>", "the last of a range")
    .option("--all", "every date that the zone or a table has")
    .addHelpText(
      "after",
      examples(
        "topline rebuild --date 2024-06-25",
        "topline rebuild --from 2024-06-01 --to 2024-06-30",
        "topline rebuild --all --json | jq .tables   # all 0: the tables were right",
      ),
    )
    .action(async (options: Options, command: Command) => {
      const invocation = invoke(command);
      const { output } = invocation;
      const dates = datesOf(options);
      loadEngine();
      await using deployment = await deploymentOf(invocation, { command: "topline rebuild" });
      const request = { operationId: operationId("rebuild"), dates };
      const report = await rebuild(deployment.context, request);
      return output.isJson ? output.json(report) : describeOperation(output, report);
    });
}

/** @throws {ToplineError} `USAGE` */
function datesOf({ date, from, to, all }: Options): RebuildDates {
  const ways = [date, from ?? to, all].filter((way) => way !== undefined);
  if (ways.length !== 1) throw usage("exactly one of --date, --from with --to, and --all");
  if (all === true) return "all";
  if (date !== undefined) return { date: calendarDate(date) };
  if (from === undefined || to === undefined) throw usage("--from and --to together");
  const range = { from: calendarDate(from), to: calendarDate(to) };
  if (range.from > range.to) throw usage("--from that is not after --to");
  return range;
}

const usage = (what: string) => new ToplineError("USAGE", `topline rebuild needs ${what}.`);
