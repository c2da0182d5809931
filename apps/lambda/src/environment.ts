import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Logger, ToplineError } from "@topline/core";
import {
  clientsFound,
  type Environment as Variables,
  type LoadedConfig,
  parseLoadedConfig,
  type PipelinePorts,
  portsAt,
} from "@topline/deployment";

/** What all invocations in one execution environment share. */
export interface Environment {
  readonly ports: PipelinePorts;
  readonly leaseSeconds: number;
}

const LEASE_SECONDS = 30;

/** @throws {ToplineError} `CONFIG_INVALID` */
export async function openEnvironment(
  logger: Logger,
  env: Variables = process.env,
): Promise<Environment> {
  const config = await loadConfig(env);
  const directory = join(tmpdir(), "topline");
  // One invocation at a time works here: what lies there is left of one that was killed.
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  const { ports } = portsAt(clientsFound(env, config.region), config, directory, logger);
  return { ports, leaseSeconds: config.leaseSeconds ?? LEASE_SECONDS };
}

/**
 * The file that `TOPLINE_CONFIG_FILE` names, or `topline.json` beside the code if there is one; over it the
 * variables.
 * @throws {ToplineError} `CONFIG_INVALID`
 */
export async function loadConfig(env: Variables): Promise<LoadedConfig> {
  const given = Object.entries(OVERRIDES).flatMap(([name, field]) => {
    const value = env[name] ?? "";
    return value === "" ? [] : [[field, value] as const];
  });
  const named = env["TOPLINE_CONFIG_FILE"] ?? "";
  const file = named === "" ? fileURLToPath(new URL("topline.json", import.meta.url)) : named;
  const document = await readDocument(file, { isRequired: named !== "" });
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw new ToplineError("CONFIG_INVALID", `${file} holds no JSON object.`);
  }
  const where =
    given.length === 0
      ? file
      : `${file}, with ${given.map(([field]) => field).join(", ")} of the environment`;
  return parseLoadedConfig({ ...document, ...Object.fromEntries(given) }, where);
}

const OVERRIDES = {
  TOPLINE_BUCKET: "bucket",
  TOPLINE_TABLE_PREFIX: "tablePrefix",
  TOPLINE_MEMORY_LIMIT: "memoryLimit",
} as const;

async function readDocument(
  file: string,
  { isRequired }: { readonly isRequired: boolean },
): Promise<unknown> {
  let text = "";
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    if (!isRequired && (cause as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new ToplineError("CONFIG_INVALID", `${file} cannot be read: ${String(cause)}`, { cause });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new ToplineError("CONFIG_INVALID", `${file} is no JSON: ${String(cause)}`, { cause });
  }
}
