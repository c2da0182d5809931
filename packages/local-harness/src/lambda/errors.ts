/** What Lambda answers when it does not do what was asked: the names that clients match on. */
const STATUS = {
  InvalidParameterValueException: 400,
  InvalidRequestContentException: 400,
  /** Of this server alone: Lambda knows it, and the emulator does not do it. */
  NotImplemented: 501,
  PreconditionFailedException: 412,
  RequestTooLargeException: 413,
  ResourceConflictException: 409,
  ResourceNotFoundException: 404,
  ServiceException: 500,
  TooManyRequestsException: 429,
  UnsupportedMediaTypeException: 415,
  ValidationException: 400,
} as const;

export type LambdaErrorName = keyof typeof STATUS;

export class LambdaError extends Error {
  override readonly name: LambdaErrorName;
  readonly status: number;

  constructor(name: LambdaErrorName, message: string) {
    super(message);
    this.name = name;
    this.status = STATUS[name];
  }

  /** The body of the answer, in the words of each error's own shape. */
  get body(): object {
    const Type = this.status < 500 ? "User" : "Service";
    if (this.name === "ResourceNotFoundException" || this.name === "ServiceException") {
      return { Type, Message: this.message };
    }
    if (this.name === "TooManyRequestsException") {
      return { Type, Reason: "ConcurrentInvocationLimitExceeded", message: this.message };
    }
    return { Type, message: this.message };
  }
}

export const invalid = (message: string) =>
  new LambdaError("InvalidParameterValueException", message);

export const notImplemented = (message: string) => new LambdaError("NotImplemented", message);
