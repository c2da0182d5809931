import { writeSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import process from "node:process";
import type { EmbeddedDynamo } from "../dynamodb/index.ts";
import { takeLock } from "./lock.ts";
import { asLine, type Report } from "./messages.ts";
import type { HarnessBackend } from "./backend.ts";
import type { RunHarnessOptions } from "./run.ts";
import { stateDirectory } from "./state-directory.ts";

/** What a starter passes to the process, as JSON in its one argument. */
export interface DaemonArguments {
  readonly stateDirectory: string;
  readonly s3Port?: number;
  readonly backend: HarnessBackend;
  /** Of the embedded backend; without it, whichever there is. */
  readonly dynamodb?: EmbeddedDynamo;
  /** Containers that stay are asked for. */
  readonly reuse: boolean;
}

export type DaemonParts = Pick<RunHarnessOptions, "start" | "graceMs" | "closingMs">;

/**
 * The background process of a harness. Its stdin is its starter's lifeline, its stdout says one line
 * (`Report`), its stderr is the log. It shares nothing else with whoever started it.
 *
 * Of many that are started at once one gets the lock; the others wait for it in vain. So nothing that
 * takes time to load is loaded before: `loadParts` is called under the lock.
 */
export async function runDaemon(
  loadParts: (values: DaemonArguments) => Promise<DaemonParts>,
): Promise<never> {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => stop.abort());
  }
  const starter = starterSignal();
  try {
    const values = JSON.parse(process.argv[2] ?? "") as DaemonArguments;
    const { backend, s3Port } = values;
    const port = s3Port === undefined ? {} : { s3Port };
    const state = stateDirectory(values.stateDirectory);
    await mkdir(state.path, { recursive: true });
    const lock = await takeLock(state.lock, AbortSignal.any([starter, stop.signal]));
    if (lock !== undefined) {
      const [{ runHarness }, parts] = await Promise.all([import("./run.ts"), loadParts(values)]);
      const onServing = () => report({ status: "serving" });
      const signals = { starter, stop: stop.signal };
      await runHarness({ ...parts, ...port, ...signals, state, backend, onServing, log });
      lock.release();
    }
  } catch (error) {
    log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    report({ status: "failed", fault: await faultOf(error) });
    process.exit(1);
  }
  // Not left to the event loop: whatever a part keeps open must not keep the process.
  process.exit(0);
}

/** What is no fault of Topline's by itself (a file system's, mostly) is one of the harness here. */
async function faultOf(error: unknown) {
  const { toFault, ToplineError } = await import("@topline/core/errors");
  if (error instanceof ToplineError) return toFault(error);
  const message = error instanceof Error ? error.message : String(error);
  return toFault(new ToplineError("HARNESS_UNAVAILABLE", message));
}

function starterSignal(): AbortSignal {
  const gone = new AbortController();
  const leave = () => gone.abort();
  process.stdin.on("end", leave).on("close", leave).on("error", leave).resume();
  return gone.signal;
}

function report(message: Report): void {
  write(1, asLine(message));
}

function log(message: string): void {
  write(2, `${new Date().toISOString()} ${process.pid} ${message}\n`);
}

/** A starter that has gone, or a full disk, must not end the harness. */
function write(file: number, text: string): void {
  try {
    writeSync(file, text);
  } catch {
    return;
  }
}
