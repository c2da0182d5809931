/** What Glue answers when it does not do what was asked: the names that clients match on. */
const STATUS = {
  AlreadyExistsException: 400,
  ConcurrentRunsExceededException: 400,
  EntityNotFoundException: 400,
  IdempotentParameterMismatchException: 400,
  InternalServiceException: 500,
  InvalidInputException: 400,
  /** Of this server alone: Glue knows it, and the emulator does not do it. */
  NotImplemented: 501,
  SerializationException: 400,
  UnknownOperationException: 400,
} as const;

export type GlueErrorName = keyof typeof STATUS;

export class GlueError extends Error {
  override readonly name: GlueErrorName;
  readonly status: number;

  constructor(name: GlueErrorName, message: string) {
    super(message);
    this.name = name;
    this.status = STATUS[name];
  }
}

export const invalid = (message: string) => new GlueError("InvalidInputException", message);
export const notFound = (message: string) => new GlueError("EntityNotFoundException", message);
