import { join } from "node:path";
import { type Dataset, type PlanLimits, ZONE_TABLES } from "@topline/core";
import { recordsQuery } from "../relations.ts";
import {
  batchesOf,
  type NamedSource,
  type StagedAs,
  stagedGroups,
  useThreadsFor,
} from "./batch.ts";
import { countLines, countRecords } from "./counting.ts";
import { acceptedRows, copyRows, type LocalParquet, rowsBySource, without } from "./parquet.ts";
import { addHeads, dropLines, filesOf, loadLines, readLines, removeFiles } from "./raw-lines.ts";
import { headerGone, type IngestedSource, lost, refusedUnread, verdictOf } from "./verdict.ts";
import { recordsOf, type Workspace } from "./workspace.ts";

/**
 * Takes in a dataset whose records are lines. Accepted rows go from the lines straight into Parquet: no row of them
 * is ever a row of a table, whatever the data's size. Sources of which some line was not accepted are judged once
 * more, for those lines alone.
 */
export async function ingestLinewise(
  work: Workspace,
  dataset: Dataset,
  sources: readonly NamedSource[],
  limits: PlanLimits,
): Promise<{ ingested: IngestedSource[]; files: LocalParquet[] }> {
  const staged = (await Array.fromAsync(stagedGroups(work, sources, limits))).flat();
  const read = staged.filter(({ lines }) => lines.refused === undefined);
  for (const { source, lines } of read) if (lines.lines === 0) throw headerGone(source);
  await addHeads(work, dataset, read);
  await useThreadsFor(work, read);
  const files = await writeAccepted(work, dataset, read);
  const accepted = await rowsBySource(work, files);
  const acceptedOf = ({ source }: StagedAs) => accepted.get(source.sourceId) ?? 0n;

  const intact = read.filter((item) => isWhole(item, acceptedOf(item)));
  await removeFiles(filesOf(intact));
  const odd = read.filter((item) => !intact.includes(item));
  const quarantined = await judgeOdd(work, dataset, odd, acceptedOf);

  const ingested = staged.map(({ source, name, lines }): IngestedSource => {
    const verdict =
      lines.refused === undefined
        ? verdictOf(source, BigInt(lines.lines - 1), quarantined.get(name) ?? {}, limits)
        : refusedUnread(source, lines.refused);
    return { source, name, verdict, isLinewise: true };
  });
  const refused = ingested.filter(({ verdict }) => verdict.refused !== null);
  const left = new Set(
    refused.map(({ source }) => source.sourceId).filter((id) => accepted.has(id)),
  );
  return { ingested, files: left.size === 0 ? files : await without(work, dataset, files, left) };
}

/** Every line but the first, which is the header, was accepted. */
const isWhole = ({ source, lines }: StagedAs, accepted: bigint): boolean =>
  lines.opening === source.head.record && accepted === BigInt(lines.lines - 1);

async function writeAccepted(
  work: Workspace,
  dataset: Dataset,
  read: readonly StagedAs[],
): Promise<LocalParquet[]> {
  const files = filesOf(read);
  if (files.length === 0) return [];
  const { db, plan, directory } = work;
  // Nobody asks an accepted row for its number.
  await db.run(
    "reading lines",
    `CREATE OR REPLACE TEMP VIEW lines AS SELECT source, CAST(0 AS BIGINT) AS n, line FROM (${readLines(files)})`,
  );
  const records = `(\n${recordsQuery(plan.datasets[dataset])}\n)`;
  const folder = join(directory, `accepted-${dataset}-${read[0]?.name ?? 0}`);
  return copyRows(work, dataset, acceptedRows(ZONE_TABLES[dataset], records), folder);
}

/** Makes records of the lines that were not accepted, and counts them by source and reason. */
async function judgeOdd(
  work: Workspace,
  dataset: Dataset,
  odd: readonly StagedAs[],
  acceptedOf: (item: StagedAs) => bigint,
): Promise<Map<number, Record<string, bigint>>> {
  const { db, plan } = work;
  const quarantined = new Map<number, Record<string, bigint>>();
  for await (const { staged } of batchesOf(
    dataset,
    odd.map((item) => [item]),
  )) {
    await loadLines(work, dataset, filesOf(staged));
    await db.run(
      `the records of ${dataset}`,
      `INSERT INTO ${recordsOf(dataset)} FROM (\n${recordsQuery(plan.datasets[dataset])}\n) WHERE reason IS NOT NULL`,
    );
    const lines = await countLines(work, dataset);
    await dropLines(work, dataset);
    const counts = await countRecords(work, dataset, staged);
    for (const item of staged) {
      const { source, name, lines: written } = item;
      const bytes = lines.get(name)?.bytes ?? 0n;
      if (bytes !== BigInt(written.bytes)) throw lost(source, written.bytes, bytes);
      const rejected = counts.get(name);
      const found = acceptedOf(item) + (rejected?.records ?? 0n) + 1n;
      if (found !== BigInt(written.lines)) throw lost(source, written.lines, found, "lines");
      quarantined.set(name, rejected?.quarantined ?? {});
    }
  }
  return quarantined;
}
