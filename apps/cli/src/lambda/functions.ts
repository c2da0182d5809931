import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  ResourceNotFoundException,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import type { LoadedConfig } from "@topline/deployment";
import type { HarnessEndpoints } from "@topline/local-harness";

export interface FunctionsPlace {
  readonly config: LoadedConfig;
  readonly endpoints: HarnessEndpoints;
  /** Of the state. */
  readonly directory: string;
  /** Where the configuration does not say. */
  readonly leaseSeconds: number;
}

const STEPS = ["validate", "transform", "archive"] as const;
const PREFIX = "topline-";
const TIMEOUT_SECONDS = 900;
const MEMORY_MB = 3_008;

/**
 * Sees to it that the harness has the steps as functions, with the code of this installation and the configuration as
 * it is now.
 *
 * @returns their names
 */
export async function makeFunctions(place: FunctionsPlace): Promise<string[]> {
  const { lambda, region, accessKeyId, secretAccessKey } = place.endpoints;
  const file = await writeConfiguration(place);
  const client = new LambdaClient({
    endpoint: lambda,
    region,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });
  try {
    return await Promise.all(STEPS.map((step) => makeFunction(client, step, file)));
  } finally {
    client.destroy();
  }
}

async function makeFunction(
  client: LambdaClient,
  step: (typeof STEPS)[number],
  configuration: string,
): Promise<string> {
  const FunctionName = `${PREFIX}${step}`;
  const settings = {
    FunctionName,
    Runtime: "nodejs24.x",
    Role: "arn:aws:iam::000000000000:role/topline",
    Description: `The step ${step} of Topline`,
    Handler: `${step}.handler`,
    Timeout: TIMEOUT_SECONDS,
    MemorySize: MEMORY_MB,
    Environment: { Variables: { TOPLINE_CONFIG_FILE: configuration } },
  } as const;
  const code = { S3Bucket: "hot-reload", S3Key: codeFolder() };
  if (await exists(client, FunctionName)) {
    await client.send(new UpdateFunctionConfigurationCommand(settings));
    await client.send(new UpdateFunctionCodeCommand({ FunctionName, ...code }));
  } else {
    await client.send(new CreateFunctionCommand({ ...settings, Code: code }));
  }
  return FunctionName;
}

async function exists(client: LambdaClient, FunctionName: string): Promise<boolean> {
  try {
    await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
    return true;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return false;
    throw error;
  }
}

/** Source or built, as this program is. */
const codeFolder = (): string =>
  dirname(fileURLToPath(import.meta.resolve("@topline/lambda/validate")));

/** As it is loaded here: a function has no file of the user's to read. */
async function writeConfiguration(place: FunctionsPlace): Promise<string> {
  const { config, directory, leaseSeconds } = place;
  const file = join(directory, "lambda", "configuration.json");
  const complete = { ...config, leaseSeconds: config.leaseSeconds ?? leaseSeconds };
  const draft = `${file}.draft`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(draft, `${JSON.stringify(complete, undefined, 2)}\n`);
  await rename(draft, file);
  return file;
}
