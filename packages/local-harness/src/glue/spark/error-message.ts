import { open } from "node:fs/promises";

/** More than any traceback. */
const TAIL = 262_144;
const LONGEST = 10_000;

/**
 * What Glue would tell of a run that failed, from what it wrote: the exception that nobody caught, its class without
 * the module; failing that, how it ended.
 */
export async function errorMessageOf(log: string, end: string): Promise<string> {
  const tail = await tailOf(log).catch(() => "");
  return exceptionIn(tail) ?? fallback(tail, end);
}

const TRACEBACK = "Traceback (most recent call last):\n";
/** Of Spark's log. */
const LOG_LINE = /^\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d [A-Z]+ /;

export function exceptionIn(text: string): string | undefined {
  const at = text.lastIndexOf(`\n${TRACEBACK}`) + 1;
  if (!text.startsWith(TRACEBACK, at)) return undefined;
  const lines = text.slice(at + TRACEBACK.length).split("\n");
  const first = lines.findIndex((line) => line !== "" && !/^\s/.test(line));
  if (first < 0) return undefined;
  const after = lines.slice(first);
  const last = after.findIndex((line) => LOG_LINE.test(line));
  const message = (last < 0 ? after : after.slice(0, last)).join("\n").trim();
  return message.replace(/^(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_]\w*(?::|$))/, "").slice(0, LONGEST);
}

function fallback(tail: string, end: string): string {
  const last = tail.trimEnd().split("\n").at(-1) ?? "";
  if (tail.includes("java.lang.OutOfMemoryError")) {
    return `Command failed with ${end}: out of memory. Give the job more, by --conf spark.driver.memory=4g.`;
  }
  return last === ""
    ? `Command failed with ${end}`
    : `Command failed with ${end}: ${last.slice(0, 1000)}`;
}

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
