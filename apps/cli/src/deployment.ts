import { existsSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import type { JobRunProgress } from "@topline/aws-adapters/glue";
import { type EngineName, type Logger, type PipelineContext, ToplineError } from "@topline/core";
import type { LoadedConfig, Ports, PortsAsFound } from "@topline/deployment";
import {
  type Harness,
  type HarnessBackend,
  type HarnessContainers,
  type HarnessEndpoints,
  openHarness,
  preflight,
} from "@topline/local-harness";
import type { AirflowWishes, LocalAirflow } from "./airflow/index.ts";
import { loadConfig } from "./config-file.ts";
import { harnessJobLog } from "./glue/job-log.ts";
import { externalTransformJob, harnessTransformJob } from "./glue/transform-job.ts";
import { harnessProgress } from "./harness-progress.ts";
import type { Orchestrated } from "./orchestrated.ts";
import { type Backend, backendOf, type GlobalOptions, stateDirectory } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

/** A pipeline that a command can work on: a backend, and all ports over it. */
export interface Deployment extends AsyncDisposable {
  readonly context: PipelineContext;
  /** Those that a read-only deployment found to be missing. */
  readonly missingTables: readonly string[];
  /** Empties bucket and tables. */
  reset(): Promise<void>;
  /** The file with the log of the job that transformed a run, where a harness ran one. */
  jobLog(runId: string): Promise<string | undefined>;
}

/** One that runs on this machine, for as long as somebody uses it. */
export interface HarnessDeployment extends Deployment {
  readonly endpoints: HarnessEndpoints;
  /** Where the harness runs containers. */
  readonly containers?: HarnessContainers;
  /** Airflow on this machine, with the DAG at work on this deployment. */
  startAirflow(wishes: AirflowWishes): Promise<LocalAirflow>;
  /** Makes what an orchestrator calls, with this configuration. */
  makeOrchestrated(): Promise<Orchestrated>;
}

export interface DeploymentOptions {
  /** What the lease says of who works. */
  readonly command: string;
  readonly s3Port?: number;
  /** Makes no bucket, no table and no state directory: what is not there reads as empty. */
  readonly isReadOnly?: boolean;
  /** Containers that stay. */
  readonly reuse?: boolean;
  /** What transforms; otherwise as configured. */
  readonly engine?: EngineName | undefined;
  /** Told of the Glue job that transforms. */
  readonly onJobProgress?: (progress: JobRunProgress) => void;
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
  const { backend } = place;
  if (backend === "external") return openExternal(place);
  return place.isReadOnly === true && !existsSync(place.directory)
    ? openUnused(place)
    : openOnHarness({ ...place, backend });
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
  const { backend } = place;
  if (backend === "external") throw new ToplineError("USAGE", why);
  return openOnHarness({ ...place, backend });
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
    isJson: options.json === true,
    ...settings,
  };
}

interface Place extends DeploymentOptions {
  readonly backend: Backend;
  readonly isJson: boolean;
  readonly terminal: Terminal;
  readonly config: LoadedConfig;
  /** Of the state. */
  readonly directory: string;
  readonly logger: Logger;
}

interface HarnessPlace extends Place {
  readonly backend: HarnessBackend;
}

async function openOnHarness(place: HarnessPlace): Promise<HarnessDeployment> {
  const { terminal, config, directory, logger, isReadOnly = false } = place;
  // The SDKs are loaded while the harness comes up.
  const [{ clientsAt, portsAt }, harness] = await Promise.all([
    import("@topline/deployment"),
    takeHarness(place),
  ]);
  await using held = new AsyncDisposableStack();
  held.use(harness);

  // A harness that dies under a command takes the command's work with it, with the reason.
  const given = new AbortController();
  let isOpen = true;
  held.defer(() => void (isOpen = false));
  const giveUp = (fault: ToplineError) => void (isOpen && given.abort(fault));
  void harness.lost.then(giveUp);

  const { endpoints, containers } = harness;
  const over = portsAt(held.use(clientsAt(endpoints)), config, directory, logger);
  if (!isReadOnly) await over.createTables();
  const { ports, missingTables } = await portsFor(place, over);
  const kept = held.move();
  return {
    endpoints,
    ...(containers === undefined ? {} : { containers }),
    context: {
      ...ports,
      ...identity(place, HARNESS_LEASE_SECONDS),
      ...(usesGlue(place)
        ? { transformJob: harnessTransformJob({ ...place, endpoints, store: ports.store }) }
        : {}),
      signal: AbortSignal.any([terminal.signal, given.signal]),
    },
    missingTables,
    reset: () => over.reset(),
    jobLog: (runId) => harnessJobLog({ ...place, endpoints }, runId),
    async startAirflow(wishes) {
      const { startAirflow } = await import("./airflow/index.ts");
      const signal = AbortSignal.any([terminal.signal, given.signal]);
      return startAirflow({ config, directory, endpoints, terminal, signal, ...wishes });
    },
    async makeOrchestrated() {
      const { makeOrchestrated } = await import("./orchestrated.ts");
      const leaseSeconds = HARNESS_LEASE_SECONDS;
      return makeOrchestrated({ config, directory, endpoints, store: ports.store, leaseSeconds });
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function takeHarness(place: HarnessPlace): Promise<Harness> {
  const { backend, terminal, config, directory, logger, isJson, isReadOnly = false } = place;
  const { reuse, s3Port } = place;
  using progress = harnessProgress(terminal);
  return await openHarness({
    stateDirectory: directory,
    backend,
    bucket: config.bucket,
    makesBucket: !isReadOnly,
    logger,
    signal: terminal.signal,
    // Who wants JSON does not look: the log has it.
    ...(isJson ? {} : { onProgress: (message) => progress.tell(message) }),
    ...(reuse === undefined ? {} : { reuse }),
    ...(s3Port === undefined ? {} : { s3Port }),
  });
}

/**
 * @throws {ToplineError} `STORE_REFUSED`, naming all that is missing: nothing is made here; `STORE_UNAVAILABLE` where
 * that is all that is known
 */
async function openExternal(place: Place): Promise<Deployment> {
  const { terminal, config, directory, logger } = place;
  const { clientsFound, portsAt } = await import("@topline/deployment");
  await using held = new AsyncDisposableStack();
  const clients = held.use(clientsFound(terminal.env, config.region));
  const over = portsAt(clients, config, directory, logger);
  const needed = place.isReadOnly === true ? [] : await preflight(over.target);
  const missing = needed.filter(({ met }) => !met);
  if (missing.length > 0) {
    const remedies = missing.map(({ remedy }) => remedy).join(" ");
    const isPassing = missing.every(({ is_retryable }) => is_retryable);
    throw new ToplineError(
      isPassing ? "STORE_UNAVAILABLE" : "STORE_REFUSED",
      `The external backend is not ready: ${remedies} Nothing was changed. \`topline doctor --backend external\` tells more, and makes what is missing with --create.`,
    );
  }
  const { ports, missingTables } = await portsFor(place, over);
  const kept = held.move();
  return {
    context: {
      ...ports,
      ...identity(place, EXTERNAL_LEASE_SECONDS),
      ...(usesGlue(place) ? { transformJob: externalTransformJob(place, terminal) } : {}),
      signal: terminal.signal,
    },
    missingTables,
    reset: () => over.reset(),
    jobLog: async () => undefined,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** A state that was never used, to be looked at: no harness is started for it. */
async function openUnused(place: Place): Promise<Deployment> {
  const { terminal, config, directory, logger } = place;
  const { clientsAt, portsAt, unusedPorts } = await import("@topline/deployment");
  await using held = new AsyncDisposableStack();
  const over = portsAt(held.use(clientsAt(NOWHERE)), config, directory, logger);
  const { ports, missingTables } = unusedPorts(over.ports);
  const kept = held.move();
  return {
    context: {
      ...ports,
      ...identity(place, HARNESS_LEASE_SECONDS),
      signal: terminal.signal,
    },
    missingTables,
    reset: async () => {},
    jobLog: async () => undefined,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Of clients that nobody uses. */
const NOWHERE: HarnessEndpoints = {
  s3: "http://nowhere.invalid",
  dynamodb: "http://nowhere.invalid",
  glue: "http://nowhere.invalid",
  lambda: "http://nowhere.invalid",
  bucket: "",
  region: "us-east-1",
  accessKeyId: "none",
  secretAccessKey: "none",
};

const portsFor = async ({ isReadOnly }: Place, over: Ports): Promise<PortsAsFound> =>
  isReadOnly === true ? over.asFound() : { ports: over.ports, missingTables: [] };

const usesGlue = ({ engine, config }: Place) => (engine ?? config.engine) === "glue";

const identity = ({ command, config, logger }: Place, leaseSeconds: number) => ({
  logger,
  holder: `${command} (process ${process.pid} on ${hostname()})`,
  leaseSeconds: config.leaseSeconds ?? leaseSeconds,
  waitForLease: true,
});
