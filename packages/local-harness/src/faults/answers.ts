import { errorDocument } from "../s3-server/xml.ts";
import type { FaultCall } from "./calls.ts";
import type { DynamoInput } from "./requests.ts";

/** Refusals as S3 and DynamoDB word them. */

export interface FaultAnswer {
  readonly status: number;
  readonly code: string;
  /** Of a cancelled transaction: what is said of its first action. */
  readonly reason?: string;
}

export const ANSWERS = {
  /** S3's. */
  internalError: { status: 500, code: "InternalError" },
  /** S3's: too many requests. */
  slowDown: { status: 503, code: "SlowDown" },
  /** DynamoDB's. */
  internalServerError: { status: 500, code: "InternalServerError" },
  /** DynamoDB's: beyond the account's request rate. */
  throttling: { status: 400, code: "ThrottlingException" },
  /** DynamoDB's: beyond the table's capacity. */
  throughputExceeded: { status: 400, code: "ProvisionedThroughputExceededException" },
  /** DynamoDB's: a transaction met another. */
  transactionConflict: {
    status: 400,
    code: "TransactionCanceledException",
    reason: "TransactionConflict",
  },
} as const satisfies Readonly<Record<string, FaultAnswer>>;

interface Encoded {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function encodeAnswer(answer: FaultAnswer, call: FaultCall, input: DynamoInput): Encoded {
  const { status, code, reason } = answer;
  const message = `Injected fault: ${code} at ${call.action} ${call.resource}`;
  if (call.service === "s3") {
    const body = errorDocument({ Code: code, Message: message, RequestId: "FAULT" });
    return { status, headers: { "content-type": "application/xml" }, body };
  }
  const actions = input.TransactItems ?? [];
  const body = {
    __type: `com.amazonaws.dynamodb.v20120810#${code}`,
    message,
    Message: message,
    ...(reason === undefined
      ? {}
      : { CancellationReasons: actions.map((_, i) => ({ Code: i === 0 ? reason : "None" })) }),
  };
  return {
    status,
    headers: { "content-type": "application/x-amz-json-1.0" },
    body: JSON.stringify(body),
  };
}
