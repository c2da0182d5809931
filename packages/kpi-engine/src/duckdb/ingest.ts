import { type Dataset, DATASETS, type EngineSource, type PlanLimits } from "@topline/core";
import { joinsLines } from "@topline/validators";
import { allOrCause, type NamedSource } from "./batch.ts";
import { ingestJoined } from "./joined.ts";
import { ingestLinewise } from "./linewise.ts";
import type { LocalParquet } from "./parquet.ts";
import type { IngestedSource } from "./verdict.ts";
import type { Workspace } from "./workspace.ts";

/** Copies → clean lines → records, judged by the plan's SQL → a verdict on each source. */

export interface Intake {
  /** In the order of the sources given. */
  readonly sources: readonly IngestedSource[];
  /** Accepted rows that are Parquet already; the others are records in DuckDB. */
  readonly files: ReadonlyMap<Dataset, readonly LocalParquet[]>;
}

/** @param first the number of the first source: names stay unique over several calls */
export async function ingestSources(
  work: Workspace,
  sources: readonly EngineSource[],
  limits: PlanLimits,
  first: number,
): Promise<Intake> {
  const named = sources.map((source, i): NamedSource => ({ source, name: first + i }));
  const failed = new AbortController();
  const signal = AbortSignal.any([work.signal, failed.signal]);
  const datasets = DATASETS.map(async (dataset) => {
    const ofDataset = named.filter(({ source }) => source.dataset === dataset);
    // On a connection of its own, so that datasets are judged side by side.
    using db = await work.db.another(signal);
    const own = { ...work, db, signal };
    try {
      if (joinsLines(dataset))
        return [await ingestJoined(own, dataset, ofDataset, limits)] as const;
      const { ingested, files } = await ingestLinewise(own, dataset, ofDataset, limits);
      return [ingested, [dataset, files]] as const;
    } catch (error) {
      failed.abort();
      throw error;
    }
  });
  const done = await allOrCause(datasets);
  const ingested = new Map(done.flatMap(([items]) => items).map((item) => [item.name, item]));
  return {
    sources: named.flatMap(({ name }) => ingested.get(name) ?? []),
    files: new Map(done.flatMap(([, files]) => (files === undefined ? [] : [files]))),
  };
}
