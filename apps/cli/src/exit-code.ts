import { type ErrorCode, type RunStatus, ToplineError } from "@topline/core";

/** 0: done, also nothing to do. 1: the data or the run failed, or waits. 2: wrong use or configuration. */
export type ExitCode = 0 | 1 | 2;

const misuse: readonly ErrorCode[] = ["USAGE", "CONFIG_INVALID", "RUN_ID_INVALID"];

export const exitCodeOf = (error: unknown): ExitCode => (ToplineError.is(error, ...misuse) ? 2 : 1);

export const exitCodeOfRun = (status: RunStatus): ExitCode =>
  status === "succeeded" || status === "nothing-to-do" ? 0 : 1;
