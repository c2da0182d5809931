import type { Dataset } from "../datasets.ts";
import type { ManifestSource } from "../manifest.ts";
import type { Cursor } from "../ports/run-ledger.ts";
import type { StepName } from "../report.ts";
import { readAbandonment } from "./abandonment.ts";
import { committedTables } from "./decide-abandonment.ts";
import type { PipelineContext } from "./ports.ts";
import { cursorOf } from "./publish.ts";
import { readPart } from "./step-part.ts";
import { requireOpenManifest } from "./stored-manifest.ts";

export interface OpenRunPreview {
  readonly run_id: string;
  readonly started_at: string;
  /** In their order. A run of which only the closing is left has `archive` left, which does it. */
  readonly steps_left: readonly StepName[];
  /** Somebody began to abandon it: it will be closed, not finished. */
  readonly is_abandoned: boolean;
  /** What the run has frozen. */
  readonly files: readonly string[];
}

export type PlannedAction =
  | "finish-open-run"
  | "close-abandoned-run"
  | "take-in"
  | "publish"
  | "wait";

/** What an open run leaves to do: nothing, where none is open. */
export interface OpenRun {
  readonly preview: OpenRunPreview | null;
  readonly actions: readonly PlannedAction[];
  /** It has yet to take its files in, and to publish. */
  readonly publishes: boolean;
  /** What it will move out of the inbox. */
  readonly sources: readonly ManifestSource[];
  /** Where its publish goes on. */
  readonly cursor: Cursor | undefined;
  /** The datasets of which it takes files in. */
  readonly bringing: readonly Dataset[];
  /** Its files whose rows are not in the zone yet. */
  readonly unread: readonly ManifestSource[];
}

const NONE: OpenRun = {
  preview: null,
  actions: [],
  publishes: false,
  sources: [],
  cursor: undefined,
  bringing: [],
  unread: [],
};

/** Changes nothing. */
export async function readOpenRun(context: PipelineContext): Promise<OpenRun> {
  const { store, ledger } = context;
  const run_id = await ledger.openRun();
  if (run_id === undefined) return NONE;
  const abandonment = await readAbandonment(store, run_id);
  if (abandonment !== undefined) {
    const { started_at, sources } = abandonment;
    const files = sources.map(({ key }) => key);
    const preview = { run_id, started_at, steps_left: [], is_abandoned: true, files };
    return { ...NONE, preview, actions: ["close-abandoned-run"] };
  }

  const { started_at, sources, ...manifest } = await requireOpenManifest(store, run_id);
  const isTransformed = (await readPart(context, run_id, "transform"))?.result !== undefined;
  const steps_left: StepName[] = isTransformed ? ["archive"] : ["transform", "archive"];
  const files = sources.map(({ key }) => key);
  const finishing: OpenRun = {
    ...NONE,
    preview: { run_id, started_at, steps_left, is_abandoned: false, files },
    actions: ["finish-open-run"],
    sources,
  };
  if (isTransformed) return finishing;
  const accepted = sources.filter(({ refused }) => refused === null);
  const committed = await committedTables(context, manifest);
  return {
    ...finishing,
    publishes: true,
    cursor: cursorOf(manifest),
    bringing: accepted.map(({ dataset }) => dataset),
    unread: accepted.filter(({ dataset }) => !committed.includes(dataset)),
  };
}
