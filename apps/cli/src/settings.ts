import { resolve } from "node:path";
import { ENGINES, ToplineError } from "@topline/core";
import { HARNESS_BACKENDS } from "@topline/local-harness";
import { Option } from "commander";
import type { Terminal } from "./terminal.ts";

/** Options that every command takes, as commander gives them. */
export interface GlobalOptions {
  readonly state?: string;
  readonly backend?: Backend;
  readonly config?: string;
  readonly json?: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

/** Where the work is done: on a harness of this machine, or at endpoints that are there already. */
export const BACKENDS = [...HARNESS_BACKENDS, "external"] as const;
export type Backend = (typeof BACKENDS)[number];

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export const LOG_FORMATS = ["pretty", "json"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Where the harness keeps its state, and how commands find the one that runs. */
export function stateDirectory({ state }: GlobalOptions, { env, cwd }: Terminal): string {
  const named = state ?? env["TOPLINE_STATE"] ?? "";
  return resolve(cwd, named === "" ? ".topline" : named);
}

/** @throws {ToplineError} `USAGE` */
export function backendOf({ backend }: GlobalOptions, { env }: Terminal): Backend {
  if (backend !== undefined) return backend;
  const named = env["TOPLINE_BACKEND"] ?? "";
  const known = BACKENDS.find((one) => one === named);
  if (known !== undefined) return known;
  if (named === "") return "embedded";
  throw new ToplineError(
    "USAGE",
    `TOPLINE_BACKEND is ${JSON.stringify(named)}; it must be one of ${BACKENDS.join(", ")}.`,
  );
}

/** `--engine`, of commands that transform. */
export const engineOption = () =>
  new Option(
    "--engine <engine>",
    "what transforms: duckdb in this process, or a Glue job on Spark (default: as configured, else duckdb)",
  ).choices(ENGINES);

const datePattern = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;

/** @throws {ToplineError} `USAGE` */
export function calendarDate(text: string): string {
  const time = datePattern.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(text)) return text;
  throw new ToplineError(
    "USAGE",
    `${JSON.stringify(text)} is no date: give it as YYYY-MM-DD, such as 2024-06-25.`,
  );
}
