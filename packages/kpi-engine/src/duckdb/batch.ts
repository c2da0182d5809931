import { type Dataset, type EngineSource, ToplineError } from "@topline/core";
import type { StagedSource } from "./staging.ts";

export interface NamedSource {
  readonly source: EngineSource;
  readonly name: string;
}

/** Sources of one dataset that are judged in one statement. */
export interface Batch {
  readonly dataset: Dataset;
  readonly staged: readonly (NamedSource & { readonly lines: StagedSource })[];
}

export function lost({ key }: EngineSource, expected: number, found: bigint): ToplineError {
  return new ToplineError(
    "ENGINE_FAILED",
    `DuckDB read ${found} bytes of lines of ${key}; ${expected} were written for it. Nothing was taken in; this is a fault of the engine: please report it.`,
  );
}

export function headerGone({ key, inputKey, head }: EngineSource): ToplineError {
  return new ToplineError(
    "STATE_CORRUPT",
    `The copy ${inputKey} of ${key} has no record equal to the header ${JSON.stringify(head.record.slice(0, 200))} that was read from the file. Start a new run.`,
  );
}
