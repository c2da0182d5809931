import type { OperationReport } from "@topline/core";
import type { Column, Output } from "./output.ts";
import { describeDates, describeTables, right } from "./report-view.ts";

const CHANGES: readonly Column[] = [
  { name: "table" },
  { name: "operation", title: "commit" },
  right("version"),
  right("files_removed", "files −"),
  right("files_added", "files +"),
  right("rows_removed", "rows −"),
  right("rows_added", "rows +"),
];

/**
 * An operation's report for a person.
 * @param more what this operation alone has to tell, between its commits and what was published
 */
export async function describeOperation(
  output: Output,
  report: OperationReport,
  more: () => Promise<void> = async () => {},
): Promise<void> {
  const { operation, operation_id, engine, changes, warnings } = report;
  const seconds = (Date.parse(report.finished_at) - Date.parse(report.started_at)) / 1000;
  await output.line(`${operation}: done (${seconds.toFixed(2)} s, ${engine}, ${operation_id})`);
  if (changes.length > 0) {
    await output.heading("Zone");
    await output.table(CHANGES, changes);
  }
  await more();
  await describeDates(output, report.dates);
  await describeTables(output, report.tables);
  if (warnings.length === 0) return;
  await output.heading("Warnings");
  for (const warning of warnings) await output.line(warning);
}
