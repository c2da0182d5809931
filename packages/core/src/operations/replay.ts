import { compareCodePoints } from "../code-points.ts";
import { DATASETS, type Dataset } from "../datasets.ts";
import type { PipelineContext } from "../pipeline/ports.ts";
import { publish } from "../pipeline/publish.ts";
import { replaceQuarantine } from "../pipeline/quarantine.ts";
import type { SourceVerdict } from "../ports/engine.ts";
import type { SourceRecord } from "../ports/run-ledger.ts";
import type { DataFile } from "../ports/zone.ts";
import {
  type ArchivedSource,
  isLeft,
  type LeftSource,
  readArchived,
  verdictFor,
} from "./archived.ts";
import { operate, type Operation, type OperationOptions, outcomeOf } from "./operation.ts";
import type { ReplayReport, SourceReplay, ZoneChange } from "./report.ts";
import { findSource, sourceNamed } from "./sources.ts";
import { changeTable } from "./zone-change.ts";

/** A source by its id or the key under which it came; or all that were taken in and not retracted. */
export type ReplayedSources = { readonly source: string } | "all";

export interface ReplayOptions extends OperationOptions {
  readonly sources: ReplayedSources;
}

/**
 * Reads archived files again under today's contracts, replaces the sources' rows and their quarantine by what these
 * make of them, and publishes. What a source says counts for as much as before: its intake stays. One that was
 * retracted, that today's contract refuses whole, or whose file is gone is left as it is, with a warning. A repetition
 * replaces the same rows by the same.
 *
 * @throws {ToplineError} `SOURCE_NOT_FOUND`; `SOURCE_AMBIGUOUS`; `RUN_OPEN`; `AUDIT_FAILED`
 */
export function replay(
  ports: PipelineContext,
  { sources: wanted, ...options }: ReplayOptions,
): Promise<ReplayReport> {
  return operate(ports, "replay", options, async (operation) => {
    const { context, held, session } = operation;
    const { ledger, plan } = context;
    const found = await readArchived(context, await recordsOf(context, wanted));
    const intakes = Map.groupBy(
      found.filter((item): item is ArchivedSource => !isLeft(item)),
      ({ record }) => record.intake,
    );
    const replayed: Replayed[] = [];
    for (const [intake, items] of [...intakes].sort(([a], [b]) => (a < b ? -1 : 1))) {
      held.signal.throwIfAborted();
      replayed.push(await readAgain(operation, intake, items));
    }

    const changes: ZoneChange[] = [];
    for (const table of DATASETS) {
      const change = await replaceRows(operation, table, replayed);
      if (change !== undefined) changes.push(change);
    }
    const published = await publish(context, held, session, plan, await ledger.cursor());
    const sources = [...found.filter(isLeft).map(leftAsItWas), ...replayed.flatMap(outcomesOf)];
    sources.sort((a, b) => compareCodePoints(a.source.archived_to, b.source.archived_to));
    return {
      sources: sources.map(({ source }) => source),
      ...outcomeOf(
        published,
        changes,
        sources.flatMap(({ warning }) => warning ?? []),
      ),
    };
  });
}

async function recordsOf(
  { ledger }: PipelineContext,
  wanted: ReplayedSources,
): Promise<SourceRecord[]> {
  if (wanted !== "all") return [await findSource(ledger, wanted.source)];
  const records: SourceRecord[] = [];
  for await (const record of ledger.sources())
    if (record.state === "accepted") records.push(record);
  return records;
}

/** What became of the sources of one intake, before anything of it is committed. */
interface Replayed {
  readonly items: readonly ArchivedSource[];
  readonly verdicts: readonly SourceVerdict[];
  readonly files: ReadonlyMap<Dataset, readonly DataFile[]>;
}

/** Rows bear their intake, so each has an engine's session of its own. */
async function readAgain(
  { context, held, stem }: Operation,
  intake: bigint,
  items: readonly ArchivedSource[],
): Promise<Replayed> {
  const { engine, plan, logger } = context;
  await using session = await engine.open(plan, { signal: held.signal });
  const verdicts = await session.ingest(
    items.map(({ source }) => source),
    plan.limits,
  );
  for (const { sourceId, records, accepted, refused } of verdicts) {
    logger.info(`${accepted} of ${records} records accepted`, { source_id: sourceId, refused });
  }
  await held.verify();
  for (const verdict of verdicts) {
    if (verdict.refused === null) await replaceQuarantine(context, held, session, verdict);
  }
  const files = new Map<Dataset, readonly DataFile[]>();
  for (const table of new Set(items.map(({ record }) => record.dataset))) {
    files.set(table, await session.writeRows(table, { stem: `${stem}-${intake}`, intake }));
  }
  return { items, verdicts, files };
}

function replaceRows(
  operation: Operation,
  table: Dataset,
  replayed: readonly Replayed[],
): Promise<ZoneChange | undefined> {
  const fresh = replayed.flatMap(({ files }) => files.get(table) ?? []);
  const values = replayed.flatMap(({ items, verdicts }) =>
    items
      .filter(({ record }) => record.dataset === table)
      .map(({ record }) => verdictFor(verdicts, record))
      .filter(({ refused }) => refused === null)
      .map(({ sourceId }) => sourceId),
  );
  const choice = { column: "source_id", values } as const;
  return changeTable(operation, table, async ({ files }, stem) => {
    const { add, remove } = await operation.session.withoutRows(table, files, choice, {
      stem: `${stem}-kept`,
    });
    return { add: [...add, ...fresh], remove };
  });
}

interface Outcome {
  readonly source: SourceReplay;
  readonly warning?: string;
}

const leftAsItWas = ({ record, left, message }: LeftSource): Outcome => ({
  source: { ...sourceNamed(record), rows: 0n, accepted: 0n, quarantined: {}, left },
  warning: `${left}: ${record.key} (${record.sourceId}) was left as it is: ${message}`,
});

const outcomesOf = ({ items, verdicts }: Replayed): Outcome[] =>
  items.map(({ record }): Outcome => {
    const { records: rows, accepted, quarantined, refused } = verdictFor(verdicts, record);
    if (refused !== null) return leftAsItWas({ record, left: refused.code, ...refused });
    return { source: { ...sourceNamed(record), rows, accepted, quarantined, left: null } };
  });
