import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  createTables,
  deleteTables,
  dynamoClient,
  dynamoKpiStore,
  dynamoRunLedger,
} from "@topline/aws-adapters/dynamodb";
import { s3Client, s3ObjectStore } from "@topline/aws-adapters/s3";
import type { Logger, PipelineContext, ToplineError } from "@topline/core";
import { deltaZone } from "@topline/delta-log";
import { buildPlan, duckdbEngine } from "@topline/kpi-engine";
import { type HarnessEndpoints, openHarness } from "@topline/local-harness";
import { validator } from "@topline/validators";
import { type LoadedConfig, loadConfig } from "./config-file.ts";
import { type GlobalOptions, stateDirectory } from "./settings.ts";
import { systemClock } from "./system-clock.ts";
import type { Terminal } from "./terminal.ts";

/** A pipeline that a command can work on: the embedded harness of a state directory, and all ports over it. */
export interface Deployment extends AsyncDisposable {
  readonly config: LoadedConfig;
  readonly endpoints: HarnessEndpoints;
  readonly context: PipelineContext;
  /** Empties bucket and tables, and makes the tables anew. */
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
  const plan = buildPlan({ kpis: config.kpis, limits: limitsOf(config) });
  const given = new AbortController();
  const signal = AbortSignal.any([terminal.signal, given.signal]);
  const harness = await openHarness({
    stateDirectory: state,
    bucket: config.bucket,
    logger,
    signal: terminal.signal,
    ...(s3Port === undefined ? {} : { s3Port }),
  });
  // A harness that dies under a command takes the command's work with it, with the reason.
  let isOpen = true;
  const giveUp = (fault: ToplineError) => void (isOpen && given.abort(fault));
  void harness.lost.then(giveUp);

  const { endpoints } = harness;
  const { region, accessKeyId, secretAccessKey } = endpoints;
  const credentials = { accessKeyId, secretAccessKey };
  const s3 = s3Client({ region, credentials, endpoint: endpoints.s3, forcePathStyle: true });
  const dynamo = dynamoClient({ region, credentials, endpoint: endpoints.dynamodb });
  const close = async () => {
    isOpen = false;
    s3.destroy();
    dynamo.destroy();
    await harness[Symbol.asyncDispose]();
  };
  const { tablePrefix: prefix } = config;
  const tables = { prefix, tables: plan.tables };
  try {
    await createTables(dynamo, tables);
  } catch (error) {
    await close();
    throw error;
  }

  const store = s3ObjectStore({ client: s3, bucket: config.bucket });
  const context: PipelineContext = {
    store,
    zone: deltaZone({ store }),
    kpis: dynamoKpiStore({ client: dynamo, prefix }),
    ledger: dynamoRunLedger({ client: dynamo, prefix, clock: systemClock }),
    engine: duckdbEngine({
      store,
      tempDirectory: join(state, "tmp"),
      memoryLimit: config.memoryLimit,
      logger,
      ...(config.threads === undefined ? {} : { threads: config.threads }),
    }),
    validator,
    clock: systemClock,
    logger,
    plan,
    tablePrefix: prefix,
    holder: `${command} (process ${process.pid} on ${hostname()})`,
    leaseSeconds: config.leaseSeconds ?? EMBEDDED_LEASE_SECONDS,
    waitForLease: true,
    signal,
  };
  return {
    config,
    endpoints,
    context,
    async reset() {
      for await (const { key } of store.list("")) await store.delete(key);
      await deleteTables(dynamo, tables);
      await createTables(dynamo, tables);
    },
    [Symbol.asyncDispose]: close,
  };
}

function limitsOf({ maxSourceBytes, maxQuarantineRatio }: LoadedConfig) {
  return {
    ...(maxSourceBytes === undefined ? {} : { maxSourceBytes }),
    ...(maxQuarantineRatio === undefined ? {} : { maxQuarantineRatio }),
  };
}
