import type { RunReport } from "@topline/core";
import type { Column, Output } from "./output.ts";

export const right = (name: string, title = name): Column => ({ name, title, align: "right" });

const SOURCES: readonly Column[] = [
  { name: "key", title: "file" },
  right("rows"),
  right("accepted"),
  right("quarantined"),
  { name: "outcome" },
];
const DATES: readonly Column[] = [
  { name: "date" },
  right("listens"),
  right("duplicates"),
  right("unknown_tracks", "unknown tracks"),
  right("unknown_users", "unknown users"),
];
const TABLES: readonly Column[] = [
  { name: "table" },
  right("put"),
  right("deleted"),
  right("unchanged"),
];
const ABANDONED: readonly Column[] = [
  { name: "key", title: "file" },
  { name: "place", title: "lies in" },
];
/** Dates shown to a person; JSON has all. */
const DATES_SHOWN = 20;

/** A report for a person. */
export async function describeReport(output: Output, report: RunReport): Promise<void> {
  const { run_id, status, sources, dates, tables, steps, warnings, error } = report;
  const duration = steps.reduce((sum, step) => sum + step.duration_ms, 0);
  const took = steps.length > 0 ? ` (${(duration / 1000).toFixed(2)} s, ${report.engine})` : "";
  await output.line(`Run ${run_id}: ${outcome(report)}${took}`);

  if (sources.length > 0) {
    await output.heading("Files");
    if (isAbandoned(report)) await output.table(ABANDONED, sources.map(placeRow));
    else await output.table(SOURCES, sources.map(sourceRow));
  }
  await describeDates(output, dates);
  await describeTables(output, tables);
  if (warnings.length > 0) {
    await output.heading("Warnings");
    for (const warning of warnings) await output.line(warning);
  }
  if (sources.some((source) => Object.keys(source.quarantined).length > 0)) {
    await output.line(`\nRejected rows: topline quarantine --run ${run_id}`);
  }
  if (status === "failed" && error !== null) {
    await output.line(`\n${error.code}  ${error.message}`);
    await output.line(
      isAbandoned(report)
        ? "`topline run` takes in what the inbox holds."
        : `What was committed stays; \`topline run\` goes on where this run ended${wayOut(report)}.`,
    );
  }
}

export async function describeDates(output: Output, dates: RunReport["dates"]): Promise<void> {
  if (dates.length === 0) return;
  await output.heading("Dates computed");
  await output.table(DATES, dates.slice(0, DATES_SHOWN));
  if (dates.length > DATES_SHOWN) await output.line(`… and ${dates.length - DATES_SHOWN} more`);
}

export async function describeTables(output: Output, tables: RunReport["tables"]): Promise<void> {
  if (tables.length === 0) return;
  await output.heading("Items written");
  await output.table(TABLES, tables);
}

/** Of a run that is open: one that failed before it had frozen anything is not. */
const wayOut = ({ run_id, steps }: RunReport) =>
  steps.some(({ step, status }) => step === "validate" && status === "succeeded")
    ? `, \`topline abandon ${run_id}\` gives it up`
    : "";

const isAbandoned = ({ error }: RunReport) => error?.code === "ABANDONED";

function placeRow({ key, archived_to, rejected }: RunReport["sources"][number]) {
  const place =
    archived_to ?? (rejected === "ABANDONED" ? "nowhere: no copy is left" : "the inbox");
  return { key, place };
}

function outcome(report: RunReport): string {
  const { status, waiting_for } = report;
  if (isAbandoned(report)) return "abandoned";
  if (status === "nothing-to-do") return "nothing to do";
  if (status !== "waiting") return status;
  return `waiting for ${waiting_for.join(", ")} (MISSING_DATASET). What lies in the inbox stays there: upload what is missing to raw-data/, and run again.`;
}

function sourceRow({ key, rows, accepted, quarantined, rejected }: RunReport["sources"][number]) {
  const reasons = Object.entries(quarantined);
  return {
    key,
    rows: rejected === null ? rows : null,
    accepted: rejected === null ? accepted : null,
    quarantined: rejected === null ? reasons.reduce((sum, [, count]) => sum + count, 0n) : null,
    outcome:
      rejected === null
        ? reasons.map(([reason, count]) => `${reason} × ${count}`).join(", ")
        : `refused: ${rejected}`,
  };
}
