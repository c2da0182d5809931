import process from "node:process";
import type { Task } from "./client.ts";

/** What a handler is told of its invocation, as Lambda does. */
export interface InvocationContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly clientContext: unknown;
  readonly identity: undefined;
  callbackWaitsForEmptyEventLoop: boolean;
  getRemainingTimeInMillis(): number;
}

export function contextOf({ requestId, arn, clientContext, deadlineMs }: Task): InvocationContext {
  const env = process.env;
  return {
    awsRequestId: requestId,
    functionName: env["AWS_LAMBDA_FUNCTION_NAME"] ?? "",
    functionVersion: env["AWS_LAMBDA_FUNCTION_VERSION"] ?? "",
    invokedFunctionArn: arn,
    memoryLimitInMB: env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] ?? "",
    logGroupName: env["AWS_LAMBDA_LOG_GROUP_NAME"] ?? "",
    logStreamName: env["AWS_LAMBDA_LOG_STREAM_NAME"] ?? "",
    clientContext: clientContext === undefined ? undefined : (JSON.parse(clientContext) as unknown),
    identity: undefined,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}
