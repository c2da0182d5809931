import { join } from "node:path";
import {
  createTables,
  deleteTables,
  dynamoKpiStore,
  dynamoRunLedger,
  missingTables,
} from "@topline/aws-adapters/dynamodb";
import { bucketExists, s3ObjectStore } from "@topline/aws-adapters/s3";
import type { Logger, TableSpec } from "@topline/core";
import { deltaZone } from "@topline/delta-log";
import { buildPlan, duckdbCheckpoints, duckdbEngine } from "@topline/kpi-engine";
import { validator } from "@topline/validators";
import type { Clients } from "./clients.ts";
import type { LoadedConfig } from "./config.ts";
import type { PipelinePorts } from "./pipeline-ports.ts";
import { portsAsFound, type PortsAsFound } from "./ports-as-found.ts";
import { systemClock } from "./system-clock.ts";

/** What the pipeline needs to be there. */
export interface Target extends Pick<Clients, "s3" | "dynamo"> {
  readonly bucket: string;
  /** Before every table name. */
  readonly prefix: string;
  readonly tables: readonly TableSpec[];
}

/** Everything that a pipeline works on, wherever its clients go. */
export interface Ports {
  readonly ports: PipelinePorts;
  readonly target: Target;
  /** Makes the tables that are not there. */
  createTables(): Promise<void>;
  /** Makes nothing: what is not there reads as empty. */
  asFound(): Promise<PortsAsFound>;
  /** Empties bucket and tables. */
  reset(): Promise<void>;
}

/** @param directory where the engine may work */
export function portsAt(
  { s3, dynamo }: Pick<Clients, "s3" | "dynamo">,
  config: LoadedConfig,
  directory: string,
  logger: Logger,
): Ports {
  const { tablePrefix: prefix, memoryLimit, threads } = config;
  const plan = buildPlan({ kpis: config.kpis, limits: limitsOf(config) });
  const tables = { prefix, tables: plan.tables };
  const store = s3ObjectStore({ client: s3, bucket: config.bucket });
  const tempDirectory = join(directory, "tmp");
  const checkpoints = duckdbCheckpoints({
    tempDirectory,
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
  });
  const ports = {
    store,
    zone: deltaZone({ store, checkpoints, logger }),
    kpis: dynamoKpiStore({ client: dynamo, prefix }),
    ledger: dynamoRunLedger({ client: dynamo, prefix, clock: systemClock }),
    engine: duckdbEngine({
      store,
      tempDirectory,
      memoryLimit,
      logger,
      ...(threads === undefined ? {} : { threads }),
    }),
    validator,
    clock: systemClock,
    plan,
    tablePrefix: prefix,
  };
  return {
    ports,
    target: { s3, dynamo, bucket: config.bucket, ...tables },
    async createTables() {
      await createTables(dynamo, tables);
    },
    async asFound() {
      const [hasBucket, missing] = await Promise.all([
        bucketExists(s3, config.bucket),
        missingTables(dynamo, tables),
      ]);
      return portsAsFound(ports, { hasBucket, missingTables: missing });
    },
    async reset() {
      for await (const { key } of store.list("")) await store.delete(key);
      await deleteTables(dynamo, tables);
      await createTables(dynamo, tables);
    },
  };
}

function limitsOf({ maxSourceBytes, maxQuarantineRatio }: LoadedConfig) {
  return {
    ...(maxSourceBytes === undefined ? {} : { maxSourceBytes }),
    ...(maxQuarantineRatio === undefined ? {} : { maxQuarantineRatio }),
  };
}
