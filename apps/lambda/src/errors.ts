import { ToplineError } from "@topline/core";

/**
 * What Lambda tells of a fault is `errorType`, the error's name, and `errorMessage`: an orchestrator tells by the
 * name whether trying again can help, and by the message, as `ToplineError.parse` reads it, what it was.
 */
abstract class FunctionError extends Error {
  constructor({ code, message }: ToplineError, cause: unknown) {
    super(`${code}: ${message}`, { cause });
  }
}

/** The same call may succeed later. */
export class ToplineRetryable extends FunctionError {
  override readonly name = "ToplineRetryable";
}

/** The same call will fail again until somebody changes something. */
export class ToplineFault extends FunctionError {
  override readonly name = "ToplineFault";
}

export function functionError(error: unknown): ToplineRetryable | ToplineFault {
  const fault = ToplineError.from(error);
  return fault.isRetryable ? new ToplineRetryable(fault, error) : new ToplineFault(fault, error);
}
