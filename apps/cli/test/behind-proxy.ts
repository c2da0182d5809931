import {
  createTables,
  dynamoClient,
  dynamoKpiStore,
  dynamoRunLedger,
} from "@topline/aws-adapters/dynamodb";
import { ensureBucket, s3Client, s3ObjectStore } from "@topline/aws-adapters/s3";
import {
  type Clock,
  DATASETS,
  type KpiStore,
  type RunLedger,
  toJson,
  type Zone,
} from "@topline/core";
import { deltaZone } from "@topline/delta-log";
import { buildPlan } from "@topline/kpi-engine";
import { type FaultProxy, startFaultProxy } from "@topline/local-harness/faults";
import type { Cloud } from "../../../test/backends/index.ts";
import { startHarness } from "../../../test/backends/harness.ts";
import { openBucket, type OpenBucket } from "./bucket.ts";
import { newPlaceIn, type TestState } from "./topline.ts";

/** Commands in processes of their own whose requests go by way of a proxy that has them fail. */

export interface Clouds extends AsyncDisposable {
  readonly proxy: FaultProxy;
  /** A deployment of its own; commands that are not told otherwise pass the proxy by. */
  newDeployment(): Promise<ProxiedDeployment>;
}

export interface ProxiedDeployment extends AsyncDisposable {
  readonly bucket: OpenBucket;
  readonly ledger: RunLedger;
  readonly kpis: KpiStore;
  readonly zone: Zone;
  readonly state: TestState;
  /** Commands of one role, by way of the proxy. */
  as(role: string): Promise<Pick<TestState, "topline" | "start">>;
  /** Files by their names below the inbox. */
  deliver(files: Readonly<Record<string, string>>): Promise<void>;
  /** What the promise is about: not run ids, tokens, or the names of data files. */
  readonly outcome: () => Promise<object>;
}

const plan = buildPlan({ kpis: [] });
/** Nobody here waits. */
const clock: Clock = { now: () => new Date(), sleep: () => Promise.resolve() };

export async function startClouds(): Promise<Clouds> {
  await using held = new AsyncDisposableStack();
  const cloud = held.use(await startHarness("embedded"));
  const proxy = held.use(await startFaultProxy(cloud));
  const kept = held.move();
  return {
    proxy,
    newDeployment: () => deploymentIn(cloud, proxy),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const environment = (cloud: Cloud, endpoints: Pick<Cloud, "s3" | "dynamodb">) => ({
  AWS_ENDPOINT_URL_S3: endpoints.s3,
  AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
  AWS_REGION: cloud.region,
  AWS_ACCESS_KEY_ID: cloud.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: cloud.credentials.secretAccessKey,
});

async function deploymentIn(cloud: Cloud, proxy: FaultProxy): Promise<ProxiedDeployment> {
  await using held = new AsyncDisposableStack();
  const args = ["--backend", "external"];
  const command = { args, env: environment(cloud, cloud) };
  const state = held.use(await newPlaceIn({ ...cloud, command }));
  const { bucket: name } = state.endpoint;
  const { region, credentials } = cloud;
  const s3 = s3Client({ endpoint: cloud.s3, region, credentials, forcePathStyle: true });
  held.defer(() => s3.destroy());
  const client = dynamoClient({ endpoint: cloud.dynamodb, region, credentials });
  held.defer(() => client.destroy());
  const prefix = `${name}-`;
  await ensureBucket(s3, name);
  await createTables(client, { prefix, tables: plan.tables });
  const bucket = held.use(await openBucket(state));
  const ledger = dynamoRunLedger({ client, prefix, clock });
  const kpis = dynamoKpiStore({ client, prefix });
  const zone = deltaZone({ store: s3ObjectStore({ client: s3, bucket: name }) });
  const kept = held.move();
  return {
    bucket,
    ledger,
    kpis,
    zone,
    state,
    // Calls of all deployments go by one proxy: roles tell them apart.
    as: async (role) =>
      state.under(environment(cloud, await proxy.endpointsFor(`${name} ${role}`))),
    async deliver(files) {
      for (const [file, text] of Object.entries(files)) await bucket.put(`raw-data/${file}`, text);
    },
    outcome: () => outcomeOf({ bucket, ledger, kpis, zone }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

type Parts = Pick<ProxiedDeployment, "bucket" | "ledger" | "kpis" | "zone">;

async function outcomeOf({ bucket, ledger, kpis, zone }: Parts): Promise<object> {
  const tables: Record<string, string[]> = {};
  for (const table of plan.tables) {
    const items = await Array.fromAsync(kpis.scan(table));
    tables[table.name] = items.map((item) => toJson(item)).sort();
  }
  const records: Record<string, string[]> = {};
  for (const table of DATASETS) {
    const { files } = await zone.snapshot(table);
    records[table] = files.map((file) => `${file.partition["date"] ?? ""} ${file.records}`).sort();
  }
  const places = ["archive/", "rejected/", "quarantine/", "raw-data/"];
  const keys = (await Promise.all(places.map((prefix) => bucket.keys(prefix)))).flat();
  return { tables, records, keys, open: await ledger.openRun(), lease: await ledger.holder() };
}
