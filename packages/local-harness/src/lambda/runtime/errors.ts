import { isNativeError } from "node:util/types";

/** How Lambda's runtime for Node tells of what was thrown. */
export interface ErrorDescription {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

export function describeError(error: unknown): ErrorDescription {
  if (!isNativeError(error) && !(error instanceof Error)) {
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  }
  const { name, message, stack = "" } = error;
  return { errorType: name, errorMessage: message, trace: stack.split("\n") };
}

export class HandlerNotFound extends Error {
  override readonly name = "Runtime.HandlerNotFound";
}

export class MalformedHandlerName extends Error {
  override readonly name = "Runtime.MalformedHandlerName";
}

export class ImportModuleError extends Error {
  override readonly name = "Runtime.ImportModuleError";
}

export class UserCodeSyntaxError extends Error {
  override readonly name = "Runtime.UserCodeSyntaxError";
}

export class CallbackHandlerDeprecated extends Error {
  override readonly name = "Runtime.CallbackHandlerDeprecated";

  constructor() {
    super(
      "AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later.",
    );
  }
}

export class UnhandledPromiseRejection extends Error {
  override readonly name = "Runtime.UnhandledPromiseRejection";

  constructor(reason: unknown) {
    super(String(reason), { cause: reason });
    if (reason instanceof Error && reason.stack !== undefined) this.stack = reason.stack;
  }
}

export class NodeJsExit extends Error {
  override readonly name = "Runtime.NodeJsExit";

  constructor() {
    super(
      "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes",
    );
  }
}
