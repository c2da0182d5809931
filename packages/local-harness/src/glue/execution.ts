import type { Job, JobRun } from "./records.ts";

/** One run of a job, as it is to be carried out. */
export interface ExecutionRequest {
  readonly job: Job;
  readonly run: JobRun;
  /** Work space: made by whoever carries it out, removed by whoever asked. */
  readonly directory: string;
  /** What the run writes to stdout and stderr goes there. */
  readonly log: string;
}

export interface ExecutionEvents {
  /** What is being made ready, before the script runs. */
  preparing(what: string): void;
  /** The script runs. */
  running(): void;
}

export type ExecutionEnd =
  | { readonly status: "succeeded" }
  | { readonly status: "failed"; readonly message: string };

/** A run that is being carried out, with all processes that belong to it. */
export interface Execution {
  /** Resolves once it is over and nothing of it works any more. Never rejects. */
  readonly ended: Promise<ExecutionEnd>;
  /** SIGTERM to all of it; what does not heed that gets SIGKILL. */
  stop(): void;
  /** SIGKILL to all of it. */
  kill(): void;
}

export type Execute = (request: ExecutionRequest, events: ExecutionEvents) => Execution;
