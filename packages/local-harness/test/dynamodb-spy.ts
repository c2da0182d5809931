import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

/** One HTTP attempt of a call, the SDK's repetitions counted. */
export interface Attempt {
  readonly operation: string;
  readonly input: unknown;
  /** From 1, among attempts of the same operation. */
  readonly count: number;
}

/** Comes before and after every attempt: what it throws, the SDK sees as the attempt's outcome. */
export interface Spy {
  before?(attempt: Attempt): Promise<void> | void;
  after?(attempt: Attempt): Promise<void> | void;
}

/** @returns the attempts, as they are made */
export function spyOn(client: DynamoDBDocumentClient, spy: Spy = {}): Attempt[] {
  const attempts: Attempt[] = [];
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const operation = String(context["commandName"]).replace(/Command$/, "");
      const count = attempts.filter((earlier) => earlier.operation === operation).length + 1;
      const attempt = { operation, input: args.input, count };
      attempts.push(attempt);
      await spy.before?.(attempt);
      const result = await next(args);
      await spy.after?.(attempt);
      return result;
    },
    { step: "deserialize", priority: "high", name: "spy" },
  );
  return attempts;
}

export const connectionReset = () =>
  Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

export const transactionConflict = () =>
  Object.assign(new Error("Transaction cancelled"), {
    name: "TransactionCanceledException",
    $metadata: { httpStatusCode: 400, attempts: 1 },
    CancellationReasons: [{ Code: "None" }, { Code: "TransactionConflict" }],
  });
