#!/usr/bin/env node
import module from "node:module";
import process from "node:process";

// Before the modules that it is to cache are loaded.
module.enableCompileCache?.();
const { main } = await import("./program.ts");

const cancelled = new AbortController();
// The first Ctrl-C ends the work orderly; a second one, for who is in a hurry, ends the process.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (cancelled.signal.aborted) process.exit(1);
    cancelled.abort();
  });
}
// `topline query … | head` closes our stdout early: that is the reader's right, not a fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

process.exitCode = await main(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  signal: cancelled.signal,
});
