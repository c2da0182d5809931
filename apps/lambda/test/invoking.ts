import process from "node:process";
import { onTestFinished, vi } from "vitest";
import type { Invocation } from "../src/handler.ts";

/** As Lambda calls a handler, and what it writes. */

export const invocation = (options: { readonly leftMs?: number; readonly request?: string } = {}) =>
  ({
    functionName: "topline-test",
    functionVersion: "$LATEST",
    invokedFunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:topline-test",
    memoryLimitInMB: "1769",
    awsRequestId: options.request ?? "request-1",
    getRemainingTimeInMillis: () => options.leftMs ?? 900_000,
  }) satisfies Invocation;

export type Line = Readonly<Record<string, unknown>>;

/** For one test: what goes to stdout and stderr, line by line, in place of going there. */
export function listen(): () => readonly Line[] {
  let written = "";
  const hear = (chunk: string | Uint8Array) => {
    written += chunk.toString();
    return true;
  };
  for (const stream of [process.stdout, process.stderr]) {
    const spy = vi.spyOn(stream, "write").mockImplementation(hear);
    onTestFinished(() => spy.mockRestore());
  }
  return () =>
    written
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line);
}

export const isFigures = (line: Line) => line["_aws"] !== undefined;
