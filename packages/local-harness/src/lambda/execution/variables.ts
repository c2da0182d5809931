import { delimiter, dirname } from "node:path";
import process from "node:process";
import { type FunctionRecord, logGroupOf, RUNTIME } from "../records.ts";
import type { LambdaEndpoints } from "./place.ts";

export interface VariablesOptions {
  readonly endpoints: LambdaEndpoints;
  /** Where the runtime of this environment asks for what to do: `127.0.0.1:<port>`. */
  readonly runtimeApi: string;
  readonly runtimeDirectory: string;
  readonly logStream: string;
  /** Work space. */
  readonly temporary: string;
}

/**
 * The environment of a handler: what Lambda gives, the function's own variables, and how an AWS SDK finds the
 * harness. Nothing of this process's environment. What Lambda reserves goes before the function's, the rest behind.
 */
export function variablesOf(
  { name, handler, folder, variables, memoryMb }: FunctionRecord,
  { endpoints, runtimeApi, runtimeDirectory, logStream, temporary }: VariablesOptions,
): Record<string, string> {
  const { s3, dynamodb, glue, lambda, region, accessKeyId, secretAccessKey } = endpoints;
  return {
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    PATH: [dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
    TMPDIR: temporary,
    AWS_ENDPOINT_URL_S3: s3,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ENDPOINT_URL_GLUE: glue,
    AWS_ENDPOINT_URL_LAMBDA: lambda,
    AWS_EC2_METADATA_DISABLED: "true",
    ...variables,
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: folder,
    LAMBDA_RUNTIME_DIR: runtimeDirectory,
    AWS_EXECUTION_ENV: `AWS_Lambda_${RUNTIME}`,
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: logGroupOf(name),
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
}
