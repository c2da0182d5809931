import process from "node:process";
import { format } from "node:util";
import { describeError } from "./errors.ts";

const LEVELS = {
  debug: "DEBUG",
  error: "ERROR",
  info: "INFO",
  log: "INFO",
  trace: "TRACE",
  warn: "WARN",
} as const;

let requestIdOf: () => string | undefined = () => undefined;
const { stdout } = process;
const write = stdout.write.bind(stdout);

/** Has the console write as in Lambda: time, request, level, and one line, whatever breaks there were in it. */
export function logByConsole(requestId: () => string | undefined): void {
  requestIdOf = requestId;
  for (const [method, level] of Object.entries(LEVELS)) {
    Object.assign(console, {
      [method]: (...values: readonly unknown[]) => logLine(level, format(...values)),
    });
  }
}

export function logError(what: string, error: unknown): void {
  const { errorType, errorMessage, trace } = describeError(error);
  const told = { errorType, errorMessage, stack: trace };
  logLine("ERROR", `${what} \t${JSON.stringify(told)}`);
}

function logLine(level: string, text: string): void {
  const line = text.replaceAll("\n", "\r");
  write(`${new Date().toISOString()}\t${requestIdOf() ?? "undefined"}\t${level}\t${line}\n`);
}
