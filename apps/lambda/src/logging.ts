import process from "node:process";
import { Logger as Powertools } from "@aws-lambda-powertools/logger";
import { Metrics } from "@aws-lambda-powertools/metrics";
import type { Logger } from "@topline/core";

/** Log and metrics of an execution environment: JSON lines on stdout and stderr. */
export interface Narration {
  readonly log: Powertools;
  readonly metrics: Metrics;
}

/** `POWERTOOLS_LOG_LEVEL` and the like are Powertools' own business. */
export function openNarration(): Narration {
  const serviceName = process.env["POWERTOOLS_SERVICE_NAME"] ?? "topline";
  const namespace = process.env["POWERTOOLS_METRICS_NAMESPACE"] ?? "Topline";
  const log = new Powertools({ serviceName });
  return { log, metrics: new Metrics({ namespace, serviceName, logger: log }) };
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Core's log over Powertools'. What an invocation appends to the latter stands on every line, also of what was made
 * before it, such as the ports.
 */
export function loggerOver(powertools: Powertools, own: Fields = {}): Logger {
  const at =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: Fields = {}) =>
      powertools[level](message, { ...own, ...fields });
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => loggerOver(powertools, { ...own, ...fields }),
  };
}
