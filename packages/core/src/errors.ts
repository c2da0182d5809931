/**
 * Every fault that Topline raises, by code. A code says whether trying the same call again can help;
 * bad data is not a fault: it is a verdict (`RefusalCode`, a quarantine reason) and travels as a value.
 */
const retryable = {
  /** The caller used a command, an option or a configuration wrongly. */
  USAGE: false,
  CONFIG_INVALID: false,
  RUN_ID_INVALID: false,
  /** A step was asked for a run that was never opened. */
  RUN_NOT_FOUND: false,
  /** A step was asked for before the step that it builds on had succeeded. */
  STEP_OUT_OF_ORDER: false,
  /** The run that is to be given up, or gone on with, is over: it has succeeded, or it was abandoned. */
  RUN_NOT_OPEN: false,
  /** What changes the zone by other means than a run was asked for while a run is open. */
  RUN_OPEN: true,
  /** No source is recorded under the id or key that was given. */
  SOURCE_NOT_FOUND: false,
  /** A key was given that several sources came under; the message lists them. */
  SOURCE_AMBIGUOUS: false,
  /** Another process holds the lease; the message names it and the expiry. */
  LEASE_HELD: true,
  /** Somebody else took the lease over; nothing more was changed. */
  LEASE_LOST: true,
  /** A stored document (plan, manifest, report, log entry) does not say what it must. */
  STATE_CORRUPT: false,
  OBJECT_NOT_FOUND: false,
  /** A put that must create found the key taken. */
  OBJECT_EXISTS: false,
  /** The ETag is no longer the one that the caller saw. */
  OBJECT_CHANGED: false,
  /** The store answered with a fault that passes, and went on doing so for every attempt. */
  STORE_UNAVAILABLE: true,
  /** The store refused the call: permissions, a missing bucket or table, a limit. */
  STORE_REFUSED: false,
  /** A version of a zone table was asked for that its log no longer tells. */
  VERSION_UNREADABLE: false,
  /** Computed figures contradict each other; nothing was published. */
  AUDIT_FAILED: false,
  /** One list of a table (the rows a reader sees together) does not fit one transaction. */
  LIST_TOO_LARGE: false,
  /** Two rows of a relation have one key. */
  DUPLICATE_KEY: false,
  /** A relation's SQL, or what it yields, is not what its table spec says. */
  RELATION_INVALID: false,
  /** The engine needs something that this machine does not have. */
  ENGINE_UNAVAILABLE: false,
  /** The engine failed at its work. */
  ENGINE_FAILED: false,
  /** The harness or one of its parts cannot run here, or did not come up. */
  HARNESS_UNAVAILABLE: false,
  /** The caller gave up: Ctrl-C, an aborted signal. */
  CANCELLED: true,
  INTERNAL: false,
} as const;

export type ErrorCode = keyof typeof retryable;

export interface ToplineErrorOptions {
  readonly cause?: unknown;
  /** Overrides what the code says, where the adapter knows better. */
  readonly isRetryable?: boolean;
}

/** A fault: what was expected, what was found, where, and what to do next. */
export class ToplineError extends Error {
  override readonly name = "ToplineError";
  readonly code: ErrorCode;
  readonly isRetryable: boolean;

  constructor(code: ErrorCode, message: string, options: ToplineErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.isRetryable = options.isRetryable ?? retryable[code];
  }

  static is(error: unknown, ...codes: readonly ErrorCode[]): error is ToplineError {
    return error instanceof ToplineError && (codes.length === 0 || codes.includes(error.code));
  }

  /**
   * The fault of another process, from the text that is left of it: `CODE: message`, by itself, or as Python and
   * Glue word an uncaught exception. `undefined` where the text tells of no fault of Topline's.
   */
  static parse(text: string): ToplineError | undefined {
    const [, code = "", message = ""] =
      /(?:^|\bToplineError: |; )([A-Z]+(?:_[A-Z]+)*): ([^]*)$/.exec(text.trim()) ?? [];
    return Object.hasOwn(retryable, code)
      ? new ToplineError(code as ErrorCode, message)
      : undefined;
  }

  /** Any thrown value as a fault; one that is not Topline's becomes `INTERNAL` with its cause kept. */
  static from(error: unknown): ToplineError {
    if (error instanceof ToplineError) return error;
    const message = error instanceof Error ? error.message : String(error);
    return new ToplineError("INTERNAL", message, { cause: error });
  }
}

/** A fault as others read it: in a report, on the command line, from a Lambda. */
export interface Fault {
  readonly code: string;
  readonly message: string;
  readonly is_retryable: boolean;
}

export function toFault(error: unknown): Fault {
  const { code, message, isRetryable } = ToplineError.from(error);
  return { code, message, is_retryable: isRetryable };
}
