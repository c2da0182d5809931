/** One call of a function, as its handler is to see it. */
export interface Invocation {
  /** A UUID. */
  readonly requestId: string;
  /** JSON. */
  readonly payload: Uint8Array;
  /** As the client called the function. */
  readonly arn: string;
  readonly traceId: string;
  /** JSON, that of the client's `ClientContext`. */
  readonly clientContext?: string;
}

/** What a function answered. */
export interface Answer {
  /** JSON: what the handler returned; with `isError`, what went wrong. */
  readonly payload: Uint8Array;
  readonly isError: boolean;
}

/** The same, with the last 4 KB of what was logged meanwhile. */
export interface Invoked extends Answer {
  readonly logTail: Uint8Array;
}

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
}

export const asAnswer = (error: FunctionError): Answer => ({
  payload: new TextEncoder().encode(JSON.stringify(error)),
  isError: true,
});
