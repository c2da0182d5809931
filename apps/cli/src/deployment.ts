import { hostname } from "node:os";
import process from "node:process";
import { type Logger, type PipelineContext, ToplineError } from "@topline/core";
import { type HarnessEndpoints, openHarness, preflight } from "@topline/local-harness";
import { type LoadedConfig, loadConfig } from "./config-file.ts";
import { type Backend, backendOf, type GlobalOptions, stateDirectory } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

/** A pipeline that a command can work on: a backend, and all ports over it. */
export interface Deployment extends AsyncDisposable {
  readonly context: PipelineContext;
  /** Empties bucket and tables. */
  reset(): Promise<void>;
}

/** One that runs on this machine, for as long as somebody uses it. */
export interface HarnessDeployment extends Deployment {
  readonly endpoints: HarnessEndpoints;
}

export interface DeploymentOptions {
  /** What the lease says of who works. */
  readonly command: string;
  readonly s3Port?: number;
}

/** Shorter than on AWS: on one machine a killed holder is the usual case, a paused one is not. */
const HARNESS_LEASE_SECONDS = 10;
const EXTERNAL_LEASE_SECONDS = 30;

export async function openDeployment(
  terminal: Terminal,
  options: GlobalOptions,
  logger: Logger,
  settings: DeploymentOptions,
): Promise<Deployment> {
  const place = await placeOf(terminal, options, logger, settings);
  return place.backend === "external" ? openExternal(place) : openOnHarness(place);
}

/**
 * For commands that are about a harness.
 * @throws {ToplineError} `USAGE`, saying `why`, where the backend is external
 */
export async function openHarnessDeployment(
  terminal: Terminal,
  options: GlobalOptions,
  logger: Logger,
  { why, ...settings }: DeploymentOptions & { readonly why: string },
): Promise<HarnessDeployment> {
  const place = await placeOf(terminal, options, logger, settings);
  if (place.backend === "external") throw new ToplineError("USAGE", why);
  return openOnHarness(place);
}

async function placeOf(
  terminal: Terminal,
  options: GlobalOptions,
  logger: Logger,
  settings: DeploymentOptions,
): Promise<Place> {
  const config = await loadConfig(options, terminal);
  const directory = stateDirectory(options, terminal);
  return {
    terminal,
    config,
    directory,
    logger,
    backend: backendOf(options, terminal),
    ...settings,
  };
}

interface Place extends DeploymentOptions {
  readonly backend: Backend;
  readonly terminal: Terminal;
  readonly config: LoadedConfig;
  /** Of the state. */
  readonly directory: string;
  readonly logger: Logger;
}

async function openOnHarness(place: Place): Promise<HarnessDeployment> {
  const { terminal, config, directory, logger, s3Port } = place;
  const opening = openHarness({
    stateDirectory: directory,
    bucket: config.bucket,
    logger,
    signal: terminal.signal,
    ...(s3Port === undefined ? {} : { s3Port }),
  });
  // The SDKs are loaded while the harness comes up.
  const [{ portsAt }, { harnessClients }, harness] = await Promise.all([
    import("./ports.ts"),
    import("./clients.ts"),
    opening,
  ]);
  await using held = new AsyncDisposableStack();
  held.use(harness);

  // A harness that dies under a command takes the command's work with it, with the reason.
  const given = new AbortController();
  let isOpen = true;
  held.defer(() => void (isOpen = false));
  const giveUp = (fault: ToplineError) => void (isOpen && given.abort(fault));
  void harness.lost.then(giveUp);

  const { endpoints } = harness;
  const over = portsAt(held.use(harnessClients(endpoints)), config, directory, logger);
  await over.createTables();
  const kept = held.move();
  return {
    endpoints,
    context: {
      ...over.ports,
      ...identity(place, HARNESS_LEASE_SECONDS),
      signal: AbortSignal.any([terminal.signal, given.signal]),
    },
    reset: () => over.reset(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** @throws {ToplineError} `STORE_REFUSED`, naming all that is missing: nothing is made here */
async function openExternal(place: Place): Promise<Deployment> {
  const { terminal, config, directory, logger } = place;
  const [{ portsAt }, { externalClients }] = await Promise.all([
    import("./ports.ts"),
    import("./clients.ts"),
  ]);
  await using held = new AsyncDisposableStack();
  const clients = held.use(externalClients(terminal, config.region));
  const over = portsAt(clients, config, directory, logger);
  const missing = (await preflight(over.target)).filter(({ met }) => !met);
  if (missing.length > 0) {
    const remedies = missing.map(({ remedy }) => remedy).join(" ");
    throw new ToplineError(
      "STORE_REFUSED",
      `The external backend is not ready: ${remedies} Nothing was changed. \`topline doctor --backend external\` tells more, and makes what is missing with --create.`,
    );
  }
  const kept = held.move();
  return {
    context: {
      ...over.ports,
      ...identity(place, EXTERNAL_LEASE_SECONDS),
      signal: terminal.signal,
    },
    reset: () => over.reset(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const identity = ({ command, config, logger }: Place, leaseSeconds: number) => ({
  logger,
  holder: `${command} (process ${process.pid} on ${hostname()})`,
  leaseSeconds: config.leaseSeconds ?? leaseSeconds,
  waitForLease: true,
});
