import { join } from "node:path";
import process from "node:process";
import { expect, test, vi } from "vitest";
import { harnessTransformJob } from "../../apps/cli/src/glue/transform-job.ts";
import { parseConfig } from "../../packages/core/src/config.ts";
import { DATASETS, silentLogger, type TransformJob } from "../../packages/core/src/index.ts";
import {
  type FaultCall,
  type FaultEndpoints,
  type Moment,
  startFaultProxy,
} from "../../packages/local-harness/src/faults/index.ts";
import { startGlueServer } from "../../packages/local-harness/src/glue/server.ts";
import { executeBySpark } from "../../packages/local-harness/src/glue/spark/execute.ts";
import { bag, readVersions } from "../delta/rows.ts";
import { type Deployment, openDeployment } from "../deployment.ts";
import { GLUE_HOME } from "../machine/glue-home.ts";
import { describeNeeding } from "../needs.ts";
import { readCases } from "../parity/cases.ts";
import { outcomeOf } from "../parity/outcome.ts";
import { type MachineProcess, processes } from "../processes.ts";

/** Spark killed by SIGKILL at what it does last, and the job begun anew, until it is through. */

const HISTORY_MS = 900_000;
const END_MS = 30_000;

interface Death {
  readonly name: string;
  readonly at: (call: FaultCall) => boolean;
  readonly moment: Moment;
  /** The zone's newest versions, in the order of `DATASETS`, once it has died. */
  readonly zone: readonly number[];
}

const isPutOf =
  (part: string) =>
  ({ action, resource }: FaultCall) =>
    action === "PutObject" && resource.includes(part);

const isPublishOf =
  (table: string) =>
  ({ action, resource }: FaultCall) =>
    action === "TransactWriteItems" && resource.includes(table);

const DEATHS: readonly Death[] = [
  {
    name: "while it writes Parquet",
    at: isPutOf("/rows/streams/_temporary/"),
    moment: "before",
    zone: [-1, -1, -1],
  },
  {
    name: "before the first commit",
    at: isPutOf("processed/songs/_delta_log/"),
    moment: "before",
    zone: [-1, -1, -1],
  },
  {
    name: "when the second commit is done, and it has not heard of it",
    at: isPutOf("processed/users/_delta_log/"),
    moment: "after",
    zone: [0, 0, -1],
  },
  {
    name: "between two of the tables that it publishes",
    at: isPublishOf("TOP_SONGS"),
    moment: "before",
    zone: [0, 0, 0],
  },
];

describeNeeding(["java", "python", "uv"], "Spark that is killed", () => {
  test(
    "leaves nothing that keeps the next attempt from the right end, at whatever it was",
    async () => {
      await using used = new AsyncDisposableStack();
      const name = "killed";
      const deployment = used.use(await openDeployment(name));
      const proxy = used.use(await startFaultProxy(deployment.endpoints));
      const transformJob = used.use(
        await glueOver(deployment, await proxy.endpointsFor("spark")),
      ).job;
      const [drop] = readCases().find((one) => one.name === "every-reason")?.drops ?? [];
      if (drop === undefined) throw new Error("The case is gone.");
      await deployment.deliver(drop.files);

      for (const { name: death, at, moment, zone } of DEATHS) {
        const { promise: until, resolve: letGo } = Promise.withResolvers<void>();
        const held = proxy.inject({ on: at, fault: { kind: "hold", moment, until } });
        const attempt = deployment.run({ transformJob }, "r1");
        const early = attempt.then(({ error }) => {
          throw new Error(`The attempt ended before Spark was killed ${death}: ${error?.message}`);
        });
        await Promise.race([held.reached, early]);
        const { pid, group } = await javaOf(deployment.directory);
        process.kill(pid, "SIGKILL");
        const report = await attempt;
        expect(report, death).toMatchObject({
          status: "failed",
          error: { code: "ENGINE_FAILED", is_retryable: true },
        });
        early.catch(() => {});
        await untilGone(group);
        held.remove();
        letGo();
        const versions = await deployment.newestVersions();
        expect([death, ...DATASETS.map((table) => versions[table])]).toEqual([death, ...zone]);
      }

      const report = await deployment.run({ transformJob }, "r1");
      expect(report.error).toBeNull();
      expect(report.engine).toMatch(/^spark /);
      const { written, ...outcome } = await outcomeOf(deployment, report);
      const { written: inAll, ...expected } = drop.expected;
      expect(outcome).toEqual(expected);
      // What an attempt before it has published is not written again.
      expect(written).toBeLessThan(inAll);

      const twin = used.use(await openDeployment("twin", deployment.endpoints));
      await twin.deliver(drop.files);
      await twin.run();
      expect(await zoneOf(deployment)).toEqual(await zoneOf(twin));
    },
    HISTORY_MS,
  );
});

/** A Glue whose jobs work through these endpoints, and the step by it. */
async function glueOver(
  { context, directory, endpoints }: Deployment,
  through: FaultEndpoints,
): Promise<AsyncDisposable & { readonly job: TransformJob }> {
  const server = await startGlueServer({
    directory: join(directory, "glue"),
    loadExecute: async () =>
      executeBySpark({
        home: GLUE_HOME,
        endpoints: () => ({ ...endpoints, ...through, glue: server.endpoint }),
      }),
  });
  const settings = { bucket: endpoints.bucket, tablePrefix: context.tablePrefix };
  const job = harnessTransformJob({
    config: { ...parseConfig(settings, "the test's"), kpis: [] },
    logger: silentLogger,
    endpoints: { ...endpoints, glue: server.endpoint },
    store: context.store,
    directory,
  });
  return { job, [Symbol.asyncDispose]: () => server.close() };
}

/** Each row of the newest versions; of the run that took it in, only that it was one. */
async function zoneOf(deployment: Deployment): Promise<Record<string, string[]>> {
  const tables: Record<string, string[]> = {};
  for (const table of DATASETS) {
    const { version } = await deployment.context.zone.snapshot(table);
    const rows = (await readVersions(deployment, table, version))[version] ?? [];
    tables[table] = bag(table === "streams" ? rows : rows.map((row) => row.slice(0, -1)));
  }
  return tables;
}

/** Spark's own process: the JVM that was told to keep its work below this folder. */
async function javaOf(folder: string): Promise<MachineProcess> {
  const java = (await processes()).find(
    ({ args }) => args[0]?.endsWith("java") === true && args.some((arg) => arg.includes(folder)),
  );
  if (java === undefined) throw new Error("Spark does not run.");
  return java;
}

const untilGone = (group: number): Promise<void> =>
  vi.waitFor(
    async () => {
      expect((await processes()).filter((one) => one.group === group)).toEqual([]);
    },
    { timeout: END_MS, interval: 20 },
  );
