import { open } from "node:fs/promises";

/** More than any traceback. */
const TAIL = 262_144;
const LONGEST = 10_000;

/**
 * What Glue would tell of a run that failed, from what it wrote: the exception that nobody caught, its class without
 * the module; failing that, how it ended, and its last words.
 */
export async function errorMessageOf(log: string, end: string): Promise<string> {
  const tail = await tailOf(log).catch(() => "");
  return failureIn(tail, end).slice(0, LONGEST);
}

/** Of Spark's own log. */
const LOG_LINE = /^\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d [A-Z]+ /;
const TRACEBACK = "Traceback (most recent call last):";
/** A script that cannot be compiled has no traceback. */
const EXCEPTION = /^(?:[A-Za-z_]\w*\.)*\w*(?:Error|Exception)(?::|$)/;

export function failureIn(text: string, end: string): string {
  const lines = text.trimEnd().split("\n");
  const last = lines.findLast((line) => line !== "" && !LOG_LINE.test(line)) ?? "";
  const exception = lastTraceback(lines) ?? (EXCEPTION.test(last) ? last : undefined);
  if (exception !== undefined) return withoutModule(exception);
  if (text.includes("java.lang.OutOfMemoryError")) {
    return `Command failed with ${end}: out of memory. Give the job more, by --conf spark.driver.memory=4g.`;
  }
  return last === "" ? `Command failed with ${end}` : `Command failed with ${end}: ${last}`;
}

/** What the last one is about, which may be several lines. */
function lastTraceback(lines: readonly string[]): string | undefined {
  const at = lines.lastIndexOf(TRACEBACK);
  if (at < 0) return undefined;
  const after = lines.slice(at + 1);
  const first = after.findIndex((line) => line !== "" && !/^\s/.test(line));
  if (first < 0) return undefined;
  const message = after.slice(first);
  const next = message.findIndex((line) => LOG_LINE.test(line));
  return (next < 0 ? message : message.slice(0, next)).join("\n").trim();
}

const withoutModule = (exception: string): string =>
  exception.replace(/^(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_]\w*(?::|$))/, "");

async function tailOf(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL);
    const { buffer, bytesRead } = await file.read(
      new Uint8Array(size - start),
      0,
      size - start,
      start,
    );
    return new TextDecoder().decode(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
