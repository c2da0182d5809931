import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBucket } from "../packages/aws-adapters/src/s3/index.ts";
import { parseConfig, type ToplineConfig } from "../packages/core/src/config.ts";
import {
  DATASETS,
  type Dataset,
  INBOX,
  manifestKey,
  manifestSchema,
  type PipelineContext,
  readDocument,
  run,
  type RunReport,
  silentLogger,
} from "../packages/core/src/index.ts";
import { clientsAt, portsAt } from "../packages/deployment/src/index.ts";
import { type HarnessEndpoints, openHarness } from "../packages/local-harness/src/index.ts";
import type { Drop } from "./model/model.ts";

/** The pipeline as the command line composes it, in this process, over an embedded harness of its own. */
export interface Deployment extends AsyncDisposable {
  readonly context: PipelineContext;
  /** With its own bucket. */
  readonly endpoints: HarnessEndpoints;
  /** For files of the test's own. */
  readonly directory: string;
  /** Puts files into the inbox. */
  deliver(files: readonly Drop[]): Promise<void>;
  /** Finishes the open run, or runs over the inbox. Tests may have parts of the context fail. */
  run(context?: Partial<PipelineContext>, runId?: string): Promise<RunReport>;
  /** What the run's manifest says of it. */
  intakeOf(runId: string): Promise<bigint>;
  /** Of every table of the zone. */
  newestVersions(): Promise<Record<Dataset, number>>;
}

/** @param name of its bucket, and of the prefix of its tables: several deployments may share a harness */
export async function openDeployment(
  name = "zone",
  shared?: HarnessEndpoints,
  settings: ToplineConfig = {},
): Promise<Deployment> {
  await using held = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "topline-deployment-"));
  held.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 20 }));
  const endpoints =
    shared ??
    held.use(await openHarness({ stateDirectory: join(directory, "state"), bucket: name }))
      .endpoints;
  const clients = held.use(clientsAt(endpoints));
  if (shared !== undefined) await ensureBucket(clients.s3, name);
  const all = { threads: 2, ...settings, bucket: name, tablePrefix: `${name}-` };
  const config = { ...parseConfig(all, "the test's"), kpis: [] };
  const over = portsAt(clients, config, directory, silentLogger);
  await over.createTables();
  const context: PipelineContext = {
    ...over.ports,
    logger: silentLogger,
    holder: "test",
    leaseSeconds: 10,
    waitForLease: true,
  };
  const kept = held.move();
  return {
    context,
    endpoints: { ...endpoints, bucket: name },
    directory,
    async deliver(files) {
      for (const { key, bytes } of files) {
        if (!key.startsWith(INBOX)) throw new Error(`${key} is not in the inbox.`);
        await context.store.put(key, bytes);
      }
    },
    run: (part = {}, runId = `run-${randomUUID()}`) => run({ ...context, ...part }, { runId }),
    async intakeOf(runId) {
      const manifest = await readDocument(context.store, manifestKey(runId), manifestSchema);
      if (manifest === undefined) throw new Error(`Run ${runId} has no manifest.`);
      return manifest.intake;
    },
    async newestVersions() {
      const versions = DATASETS.map(
        async (table) => [table, (await context.zone.snapshot(table)).version] as const,
      );
      return Object.fromEntries(await Promise.all(versions)) as Record<Dataset, number>;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
