import { tmpdir } from "node:os";
import { ensureBucket } from "@topline/aws-adapters/s3";
import {
  DATASETS,
  type KpiStore,
  parseConfig,
  type RunLedger,
  silentLogger,
  type TableSpec,
  toJson,
  type Zone,
} from "@topline/core";
import { clientsAt, portsAt } from "@topline/deployment";
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
  const clients = held.use(clientsAt({ ...cloud, ...cloud.credentials }));
  const config = parseConfig({ bucket: name, tablePrefix: `${name}-` }, "the test's");
  const over = portsAt(clients, { ...config, kpis: [] }, tmpdir(), silentLogger);
  await ensureBucket(clients.s3, name);
  await over.createTables();
  const bucket = held.use(await openBucket(state));
  const { ledger, kpis, zone, plan } = over.ports;
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
    outcome: () => outcomeOf({ bucket, ledger, kpis, zone }, plan.tables),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

type Parts = Pick<ProxiedDeployment, "bucket" | "ledger" | "kpis" | "zone">;

async function outcomeOf(
  { bucket, ledger, kpis, zone }: Parts,
  specs: readonly TableSpec[],
): Promise<object> {
  const tables: Record<string, string[]> = {};
  for (const table of specs) {
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
