import { GlueError } from "./errors.ts";
import type { Execute } from "./execution.ts";
import { type Input, isObject } from "./input.ts";
import { JobRuns } from "./job-runs.ts";
import { OPERATIONS } from "./operations.ts";
import { GlueStore } from "./store.ts";

export interface GlueApiOptions {
  readonly directory: string;
  readonly execute: Execute;
  readonly minuteMs?: number;
}

/** Glue's operations over a directory. */
export interface GlueApi {
  /**
   * @param body JSON
   * @throws {GlueError}
   */
  answer(operation: string, body: string): object;
  /** Ends runs that are under way. */
  close(): Promise<void>;
}

/** @throws {ToplineError} `STATE_CORRUPT` */
export function openGlueApi({ directory, ...options }: GlueApiOptions): GlueApi {
  const store = GlueStore.open(directory);
  const runs = new JobRuns({ store, ...options });
  return {
    answer(name, body) {
      const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
      if (operation !== undefined) return operation({ store, runs }, inputOf(body));
      throw new GlueError("NotImplemented", `The embedded Glue does not do ${name}.`);
    },
    close: () => runs.close(),
  };
}

function inputOf(body: string): Input {
  try {
    const input: unknown = JSON.parse(body);
    if (isObject(input)) return input;
  } catch {
    // Told below.
  }
  throw new GlueError("SerializationException", "The body is no JSON object.");
}
