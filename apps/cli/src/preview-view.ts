import type { PlannedAction, RunPreview, StaleReason } from "@topline/core";
import type { Column, Output } from "./output.ts";

const FILES: readonly Column[] = [
  { name: "key", title: "file" },
  { name: "dataset" },
  { name: "size", title: "bytes", align: "right" },
  { name: "arrived_at", title: "arrived" },
  { name: "note", title: "" },
];
const DATES: readonly Column[] = [{ name: "date" }, { name: "why" }];
const TABLES: readonly Column[] = [{ name: "table" }, { name: "change" }];
/** Rows shown to a person; JSON has all. */
const SHOWN = 20;
const NAMED = 3;

const REASONS: Readonly<Record<StaleReason, string>> = {
  "no-cursor": "nothing says what the tables show",
  "changed-plan": "the contracts or KPIs changed",
  "unreadable-versions": "the zone no longer tells what was published",
  "changed-listens": "listens came or went",
  "changed-catalogue": "its tracks or users changed",
};

const CHANGES = {
  create: "is not there yet: it is to be made first",
  write: "would be written to, where figures differ",
  none: "stays as it is",
} as const;

/** A preview for a person. */
export async function describePreview(output: Output, preview: RunPreview): Promise<void> {
  const { actions, open_run, inbox, dates, tables } = preview;
  await output.line(
    actions.length === 0
      ? `The next run has nothing to do: the inbox is empty, and ${nothingLeft(preview)}`
      : `The next run would ${actions.map((action) => ACTIONS[action](preview)).join(", then ")}.`,
  );
  if (open_run !== null && open_run.steps_left.length > 0) {
    await output.line(
      `Left of run ${open_run.run_id}, begun ${open_run.started_at}: ${open_run.steps_left.join(", ")}`,
    );
  }

  if (inbox.files.length > 0 || inbox.ignored.length > 0) {
    await output.heading("Inbox");
    const ignored = inbox.ignored.map((key) => ({ key, note: "ignored: no dataset's file" }));
    await shown(output, FILES, [...inbox.files.map(fileRow), ...ignored]);
  }
  if (dates.length > 0) {
    await output.heading("Dates to compute");
    const rows = dates.map(({ date, reasons }) => ({
      date,
      why: reasons.map((reason) => REASONS[reason]).join("; "),
    }));
    await shown(output, DATES, rows);
  }
  await describeUnknown(output, preview);
  await output.heading("Tables");
  await output.table(
    TABLES,
    tables.map(({ table, change }) => ({ table, change: CHANGES[change] })),
  );
}

const ACTIONS: Readonly<Record<PlannedAction, (preview: RunPreview) => string>> = {
  "finish-open-run": ({ open_run }) => `finish run ${open_run?.run_id}`,
  "close-abandoned-run": ({ open_run }) =>
    `close run ${open_run?.run_id}, which is being abandoned`,
  "take-in": ({ inbox }) =>
    `take in ${files(inbox.files.filter(({ run_id }) => run_id === null).length)}`,
  publish: () => "publish what the tables do not show yet",
  wait: ({ waiting_for }) =>
    `wait for ${waiting_for.join(", ")}: upload what is missing to raw-data/`,
};

const nothingLeft = ({ zone }: RunPreview) =>
  Object.values(zone).every((version) => version < 0)
    ? "nothing was ever taken in. `topline run --data DIR` uploads files and takes them in."
    : "the tables show the zone as it is.";

const files = (count: number) => `${count} file${count === 1 ? "" : "s"}`;

const fileRow = (file: RunPreview["inbox"]["files"][number]) => ({
  ...file,
  note: file.run_id === null ? "" : `of run ${file.run_id}`,
});

async function describeUnknown(output: Output, preview: RunPreview): Promise<void> {
  const unknown = preview.dates_unknown_for;
  if (unknown.length === 0) return;
  if (preview.dates.length === 0) await output.heading("Dates to compute");
  const named = unknown.slice(0, NAMED).join(", ");
  const more = unknown.length > NAMED ? ` and ${unknown.length - NAMED} more` : "";
  await output.line(`Only reading them tells the dates that these touch: ${named}${more}`);
}

async function shown(output: Output, columns: readonly Column[], rows: readonly object[]) {
  await output.table(columns, rows.slice(0, SHOWN));
  if (rows.length > SHOWN) await output.line(`… and ${rows.length - SHOWN} more: --json has all`);
}
