import { hostname } from "node:os";
import process from "node:process";
import type { Logger, PipelineContext, ToplineError } from "@topline/core";
import { type HarnessEndpoints, openHarness } from "@topline/local-harness";
import { loadConfig } from "./config-file.ts";
import { type GlobalOptions, stateDirectory } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

/** A pipeline that a command can work on: the embedded harness of a state directory, and all ports over it. */
export interface Deployment extends AsyncDisposable {
  readonly endpoints: HarnessEndpoints;
  readonly context: PipelineContext;
  /** Empties bucket and tables. */
  reset(): Promise<void>;
}

export interface DeploymentOptions {
  /** What the lease says of who works. */
  readonly command: string;
  readonly s3Port?: number;
}

/** Shorter than on AWS: on one machine a killed holder is the usual case, a paused one is not. */
const EMBEDDED_LEASE_SECONDS = 10;

export async function openDeployment(
  terminal: Terminal,
  options: GlobalOptions,
  logger: Logger,
  { command, s3Port }: DeploymentOptions,
): Promise<Deployment> {
  const config = await loadConfig(options, terminal);
  const state = stateDirectory(options, terminal);
  const opening = openHarness({
    stateDirectory: state,
    bucket: config.bucket,
    logger,
    signal: terminal.signal,
    ...(s3Port === undefined ? {} : { s3Port }),
  });
  // The SDKs are loaded while the harness comes up.
  const [{ portsAt }, harness] = await Promise.all([import("./ports.ts"), opening]);
  await using held = new AsyncDisposableStack();
  held.use(harness);

  // A harness that dies under a command takes the command's work with it, with the reason.
  const given = new AbortController();
  let isOpen = true;
  held.defer(() => void (isOpen = false));
  const giveUp = (fault: ToplineError) => void (isOpen && given.abort(fault));
  void harness.lost.then(giveUp);

  const { endpoints } = harness;
  const over = held.use(portsAt(endpoints, config, state, logger));
  await over.createTables();
  const kept = held.move();
  return {
    endpoints,
    context: {
      ...over.ports,
      logger,
      holder: `${command} (process ${process.pid} on ${hostname()})`,
      leaseSeconds: config.leaseSeconds ?? EMBEDDED_LEASE_SECONDS,
      waitForLease: true,
      signal: AbortSignal.any([terminal.signal, given.signal]),
    },
    reset: () => over.reset(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
