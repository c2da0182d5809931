import { randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import { DATASETS, type RunReport, type TransformJob } from "../../packages/core/src/index.ts";
import type { ToplineConfig } from "../../packages/core/src/index.ts";
import type { HarnessEndpoints } from "../../packages/local-harness/src/index.ts";
import { bag, readVersions } from "../delta/rows.ts";
import { type Deployment, openDeployment } from "../deployment.ts";
import type { Drop } from "../model/model.ts";
import { itemsOf } from "./outcome.ts";
import type { SparkTransforms } from "./spark.ts";

/** Two deployments that get the same files, one with each engine: whatever either leaves, the other leaves too. */
export interface Twins extends AsyncDisposable {
  readonly duckdb: Deployment;
  readonly spark: Deployment;
  /** One run of each over these files. */
  run(files: readonly Drop[]): Promise<{ duckdb: Remains; spark: Remains }>;
}

/** Everything that a run leaves which does not tell the time, or which engine it was. */
export interface Remains {
  readonly report: object;
  /** Rows of the newest version of each table, as text; intakes by their rank. */
  readonly zone: Readonly<Record<string, readonly string[]>>;
  /** Every object, whole. */
  readonly quarantine: Readonly<Record<string, string>>;
  readonly tables: Readonly<Record<string, readonly object[]>>;
}

export async function openTwins(
  endpoints: HarnessEndpoints,
  sparkTransforms: SparkTransforms,
  settings: ToplineConfig = {},
): Promise<Twins> {
  await using held = new AsyncDisposableStack();
  const name = `twins-${randomUUID().slice(0, 8)}`;
  const duckdb = held.use(await openDeployment(`${name}-a`, endpoints, settings));
  const spark = held.use(await openDeployment(`${name}-b`, endpoints, settings));
  const job = sparkTransforms.over({ context: spark.context, bucket: `${name}-b` });
  const kept = held.move();
  return {
    duckdb,
    spark,
    async run(files) {
      const runId = `run-${randomUUID()}`;
      return {
        duckdb: await runOver(duckdb, files, runId),
        spark: await runOver(spark, files, runId, job),
      };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function runOver(
  deployment: Deployment,
  files: readonly Drop[],
  runId: string,
  job?: TransformJob,
): Promise<Remains> {
  await deployment.deliver(files);
  const report = await deployment.run(job === undefined ? {} : { transformJob: job }, runId);
  return remainsOf(deployment, report);
}

async function remainsOf(deployment: Deployment, report: RunReport): Promise<Remains> {
  const { store, plan } = deployment.context;
  const zone: Record<string, string[]> = {};
  for (const table of DATASETS) zone[table] = await newestRows(deployment, table);
  const quarantine: Record<string, string> = {};
  for await (const { key } of store.list("quarantine/")) {
    quarantine[key] = await text((await store.get(key)).body);
  }
  const tables: Record<string, object[]> = {};
  for (const table of plan.tables) tables[table.name] = await itemsOf(deployment.context, table);
  return { report: timeless(report), zone, quarantine, tables };
}

/** What either engine must say alike. */
function timeless({ run_id, status, waiting_for, plan_hash, sources, ...rest }: RunReport): object {
  const { dates, tables, zone, steps, warnings, error } = rest;
  return {
    run_id,
    status,
    waiting_for,
    plan_hash,
    dates,
    zone,
    warnings,
    error,
    sources,
    tables: tables.map(({ put, deleted, unchanged }) => ({ put, deleted, unchanged })),
    steps: steps.map(({ step, status: state, attempts }) => ({ step, state, attempts })),
  };
}

async function newestRows(deployment: Deployment, table: (typeof DATASETS)[number]) {
  const { version } = await deployment.context.zone.snapshot(table);
  if (version < 0) return [];
  const rows = (await readVersions(deployment, table, version))[version] ?? [];
  if (table === "streams") return bag(rows);
  // The later run has the greater token; which, is the clock's business.
  const intakes = [...new Set(rows.map((row) => BigInt(row.at(-1) ?? 0)))];
  const rankOf = (intake: bigint) => intakes.filter((other) => other < intake).length;
  return bag(rows.map((row) => row.slice(0, -1).concat(String(rankOf(BigInt(row.at(-1) ?? 0))))));
}
