import { type Dataset, type EngineSource, type PlanLimits, ToplineError } from "@topline/core";
import { type StagedSource, stageSource } from "./staging.ts";
import type { Workspace } from "./workspace.ts";

export interface NamedSource {
  readonly source: EngineSource;
  /** A number, so that DuckDB joins and groups by it cheaply: its `source` in every table. */
  readonly name: number;
}

export interface StagedAs extends NamedSource {
  readonly lines: StagedSource;
}

/** Sources of one dataset that are judged in one statement. */
export interface Batch {
  readonly dataset: Dataset;
  readonly staged: readonly StagedAs[];
}

/** Bytes of lines that are judged in one statement, unless one source alone has more. */
const BATCH_BYTES = 128 * 1024 ** 2;

/** Sources that are streamed to this machine at a time. */
const PARALLEL = 4;

/** Streams sources to this machine, some at a time, in their order. */
export async function* stagedGroups(
  work: Workspace,
  sources: readonly NamedSource[],
  limits: PlanLimits,
): AsyncGenerator<StagedAs[]> {
  for (let at = 0; at < sources.length; at += PARALLEL) {
    const failed = new AbortController();
    const signal = AbortSignal.any([work.signal, failed.signal]);
    const stage = async ({ source, name }: NamedSource): Promise<StagedAs> => {
      const to = { directory: work.directory, name };
      const options = { maxBytes: limits.maxSourceBytes, signal };
      try {
        return { source, name, lines: await stageSource(work.store, source, to, options) };
      } catch (error) {
        failed.abort();
        throw error;
      }
    };
    const group = sources.slice(at, at + PARALLEL);
    yield await work.staging(() => allOrCause(group.map(stage)));
  }
}

/** Groups of sources as batches of bounded bytes. */
export async function* batchesOf(
  dataset: Dataset,
  groups: AsyncIterable<readonly StagedAs[]> | Iterable<readonly StagedAs[]>,
): AsyncGenerator<Batch> {
  let staged: StagedAs[] = [];
  let bytes = 0;
  for await (const group of groups) {
    staged.push(...group);
    for (const { lines } of group) bytes += lines.bytes;
    if (bytes < BATCH_BYTES) continue;
    yield { dataset, staged };
    staged = [];
    bytes = 0;
  }
  if (staged.length > 0) yield { dataset, staged };
}

/** Bytes of lines that one thread judges in less time than several lose by waiting for each other. */
const ONE_THREAD_BYTES = 32 * 1024 ** 2;

export async function useThreadsFor({ db }: Workspace, staged: readonly StagedAs[]): Promise<void> {
  const bytes = staged.reduce((sum, { lines }) => sum + lines.bytes, 0);
  if (bytes > ONE_THREAD_BYTES) await db.useAllThreads();
}

/** Results, or the fault because of which the others were cancelled. */
export async function allOrCause<T>(parts: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(parts);
  const fault = settled.find(isCause) ?? settled.find(({ status }) => status === "rejected");
  if (fault?.status === "rejected") throw fault.reason;
  return Promise.all(parts);
}

/** The others of a group are cancelled because of the first fault. */
const isCause = (result: PromiseSettledResult<unknown>) =>
  result.status === "rejected" && !ToplineError.is(result.reason, "CANCELLED");
