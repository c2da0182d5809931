import type { Logger } from "@topline/core";
import { pino, type Logger as Pino } from "pino";
import pretty from "pino-pretty";
import type { GlobalOptions } from "./settings.ts";
import { hasColour, type Terminal } from "./terminal.ts";

/** The log of a command: to stderr, as lines for a person or as JSON for a machine. */
export function createLogger(terminal: Terminal, options: GlobalOptions): Logger {
  const { logLevel: level, logFormat } = options;
  const settings = { level, base: null };
  if (logFormat === "json") return fromPino(pino(settings, terminal.stderr));
  const stream = pretty({
    destination: terminal.stderr as NodeJS.WritableStream & { write(text: string): boolean },
    colorize: hasColour(terminal, terminal.stderr),
    translateTime: "SYS:HH:MM:ss.l",
    singleLine: true,
  });
  return fromPino(pino(settings, stream));
}

function fromPino(logger: Pino): Logger {
  const at =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      logger[level](fields, message);
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => fromPino(logger.child(fields)),
  };
}
