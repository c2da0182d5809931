import { ToplineError } from "@topline/core/errors";

export const unavailable = (message: string, cause?: unknown): ToplineError =>
  new ToplineError("ENGINE_UNAVAILABLE", message, cause === undefined ? {} : { cause });

/** What a program wrote last, for a message. */
export const tailOf = (output: string): string => output.trim().split("\n").slice(-5).join("\n");
