import { randomUUID } from "node:crypto";
import { isAbsolute } from "node:path";
import { invalid, notImplemented } from "./errors.ts";
import {
  type Input,
  integer,
  object,
  refuse,
  requiredText,
  text,
  texts,
  violation,
} from "./input.ts";
import { type FunctionRecord, KEPT_DEFAULTS, RUNTIME } from "./records.ts";

/** What Lambda would do something about, and this server would not. */
const UNKNOWN = [
  "CapacityProviderConfig",
  "CodeSigningConfigArn",
  "DeadLetterConfig",
  "DurableConfig",
  "FileSystemConfigs",
  "ImageConfig",
  "KMSKeyArn",
  "Layers",
  "Publish",
  "PublishTo",
  "TenancyConfig",
  "VpcConfig",
];

const UNKNOWN_OF_LOGS = ["ApplicationLogLevel", "LogGroup", "SystemLogLevel"];

/** The name by which LocalStack knows a folder of this machine, too. */
const FOLDER_BUCKET = "hot-reload";
const ROLE = /^arn:aws[a-zA-Z-]*:iam::[0-9]{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+$/;
const VARIABLE = /^[a-zA-Z]\w+$/;
const LARGEST_ENVIRONMENT = 4_096;

/** Those that Lambda gives, and lets nobody say. */
const RESERVED = new Set([
  "_HANDLER",
  "_X_AMZN_TRACE_ID",
  "AWS_ACCESS_KEY",
  "AWS_ACCESS_KEY_ID",
  "AWS_DEFAULT_REGION",
  "AWS_EXECUTION_ENV",
  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
  "AWS_LAMBDA_FUNCTION_NAME",
  "AWS_LAMBDA_FUNCTION_VERSION",
  "AWS_LAMBDA_INITIALIZATION_TYPE",
  "AWS_LAMBDA_LOG_GROUP_NAME",
  "AWS_LAMBDA_LOG_STREAM_NAME",
  "AWS_LAMBDA_RUNTIME_API",
  "AWS_REGION",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SECRET_KEY",
  "AWS_SESSION_TOKEN",
  "LAMBDA_RUNTIME_DIR",
  "LAMBDA_TASK_ROOT",
]);

type Settings = Pick<
  FunctionRecord,
  "role" | "description" | "handler" | "variables" | "timeoutSeconds" | "memoryMb" | "kept"
>;

export const change = (): Pick<FunctionRecord, "modified" | "revision"> => ({
  modified: new Date().toISOString(),
  revision: randomUUID(),
});

/** @throws {LambdaError} */
export function definition(name: string, input: Input): FunctionRecord {
  const role = requiredText(input, "Role");
  requiredText(input, "Runtime");
  requiredText(input, "Handler");
  const packageType = text(input, "PackageType") ?? "Zip";
  if (packageType !== "Zip") {
    throw notImplemented(
      `The embedded Lambda runs handlers of a folder; PackageType is ${packageType}.`,
    );
  }
  const blank: Settings = {
    role,
    description: "",
    handler: "",
    variables: {},
    timeoutSeconds: 3,
    memoryMb: 128,
    kept: {},
  };
  const code = object(input, "Code");
  if (code === undefined) throw violation("code", undefined, "not be null");
  return {
    ...settings(blank, input),
    name,
    folder: folderOf(code),
    tags: texts(input, "Tags") ?? {},
    ...change(),
  };
}

/**
 * Those of `input`; what it does not say stays as it was.
 *
 * @throws {LambdaError}
 */
export function settings(before: Settings, input: Input): Settings {
  refuse(input, UNKNOWN);
  refuse(object(input, "LoggingConfig") ?? {}, UNKNOWN_OF_LOGS);
  refuseOther(input, "LoggingConfig", "LogFormat", "Text");
  refuseOther(input, "SnapStart", "ApplyOn", "None");
  const runtime = text(input, "Runtime") ?? RUNTIME;
  if (runtime !== RUNTIME) {
    throw notImplemented(`The embedded Lambda runs ${RUNTIME}; Runtime is ${runtime}.`);
  }
  const role = text(input, "Role") ?? before.role;
  if (!ROLE.test(role)) {
    throw violation("role", role, `satisfy regular expression pattern: ${ROLE.source}`);
  }
  const kept = Object.keys(KEPT_DEFAULTS).filter((field) => (input[field] ?? null) !== null);
  return {
    role,
    description: text(input, "Description") ?? before.description,
    handler: text(input, "Handler") ?? before.handler,
    variables: variablesOf(input) ?? before.variables,
    timeoutSeconds: integer(input, "Timeout", { least: 1, most: 900 }) ?? before.timeoutSeconds,
    memoryMb: integer(input, "MemorySize", { least: 128, most: 10_240 }) ?? before.memoryMb,
    kept: { ...before.kept, ...Object.fromEntries(kept.map((field) => [field, input[field]])) },
  };
}

/** A setting of which this server knows one value. */
function refuseOther(input: Input, group: string, field: string, known: string): void {
  const value = text(object(input, group) ?? {}, field) ?? known;
  if (value === known) return;
  throw notImplemented(`The embedded Lambda knows ${group}.${field} ${known}, and not ${value}.`);
}

/** @throws {LambdaError} */
export function folderOf(code: Input): string {
  const bucket = text(code, "S3Bucket");
  const key = text(code, "S3Key");
  const others = ["ZipFile", "ImageUri", "S3ObjectVersion"].filter(
    (field) => (code[field] ?? null) !== null,
  );
  const isFolder = bucket === FOLDER_BUCKET && others.length === 0;
  if (!isFolder) {
    throw notImplemented(
      `The embedded Lambda runs handlers of a folder of this machine: Code must be {"S3Bucket": "${FOLDER_BUCKET}", "S3Key": "/absolute/folder"}. Found: ${Object.keys(code).join(", ")}${bucket === undefined ? "" : `, S3Bucket ${bucket}`}.`,
    );
  }
  if (key !== undefined && isAbsolute(key)) return key;
  throw invalid(`S3Key must be the absolute path of a folder. Found: ${key ?? "none"}.`);
}

function variablesOf(input: Input): FunctionRecord["variables"] | undefined {
  const environment = object(input, "Environment");
  if (environment === undefined) return undefined;
  const variables = texts(environment, "Variables") ?? {};
  const names = Object.keys(variables);
  const reserved = names.filter((name) => RESERVED.has(name));
  if (reserved.length > 0) {
    throw invalid(
      `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(", ")}`,
    );
  }
  const wrong = names.find((name) => !VARIABLE.test(name));
  if (wrong !== undefined) {
    throw violation(
      "environment.variables",
      wrong,
      `satisfy regular expression pattern: ${VARIABLE.source}`,
    );
  }
  const size = new TextEncoder().encode(JSON.stringify(variables)).byteLength;
  if (size > LARGEST_ENVIRONMENT) {
    throw invalid(
      `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. They have ${size} bytes as JSON.`,
    );
  }
  return variables;
}
