import type { Dataset, PlanLimits } from "@topline/core";
import { recordsQuery } from "../relations.ts";
import { type Batch, batchesOf, type NamedSource, stagedGroups, useThreadsFor } from "./batch.ts";
import { countLines, countRecords, type LineCount } from "./counting.ts";
import { addHeads, dropLines, filesOf, loadLines } from "./raw-lines.ts";
import { type IngestedSource, lost, refusedUnread, verdictOf } from "./verdict.ts";
import { recordsOf, type Workspace } from "./workspace.ts";

/** Takes in a dataset whose records may have several lines: every record becomes a row in DuckDB. */
export async function ingestJoined(
  work: Workspace,
  dataset: Dataset,
  sources: readonly NamedSource[],
  limits: PlanLimits,
): Promise<IngestedSource[]> {
  const ingested: IngestedSource[] = [];
  let judging: Promise<void> = Promise.resolve();
  const judge = async (batch: Batch) => {
    ingested.push(...(await judgeBatch(work, batch, limits)));
  };
  try {
    for await (const batch of batchesOf(dataset, stagedGroups(work, sources, limits))) {
      await judging;
      judging = judge(batch);
      // Awaited before the next batch; until then a fault is not unhandled.
      judging.catch(() => undefined);
    }
  } finally {
    await judging;
  }
  return ingested;
}

async function judgeBatch(
  work: Workspace,
  { dataset, staged }: Batch,
  limits: PlanLimits,
): Promise<IngestedSource[]> {
  const { db, plan } = work;
  const files = filesOf(staged);
  let lines = new Map<number, LineCount>();
  if (files.length > 0) {
    await useThreadsFor(work, staged);
    await loadLines(work, dataset, files);
    await addHeads(work, dataset, staged);
    await db.run(
      `the records of ${dataset}`,
      `INSERT INTO ${recordsOf(dataset)}\n${recordsQuery(plan.datasets[dataset])}`,
    );
    lines = await countLines(work, dataset);
    await dropLines(work, dataset);
  }
  const counts = await countRecords(work, dataset, staged);
  const ingested: IngestedSource[] = [];
  for (const { source, name, lines: staging } of staged) {
    const read = lines.get(name) ?? { lines: 0n, bytes: 0n };
    if (read.bytes !== BigInt(staging.bytes)) throw lost(source, staging.bytes, read.bytes);
    const { records, quarantined } = counts.get(name) ?? { records: 0n, quarantined: {} };
    const verdict =
      staging.refused === undefined
        ? verdictOf(source, records, quarantined, limits)
        : refusedUnread(source, staging.refused);
    if (verdict.refused !== null) {
      const discard = `DELETE FROM ${recordsOf(dataset)} WHERE source = $1`;
      await db.run(`the records of ${dataset}`, discard, [name]);
    }
    ingested.push({ source, name, verdict, isLinewise: read.lines === records + 1n });
  }
  return ingested;
}
