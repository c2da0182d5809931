import { randomUUID } from "node:crypto";
import {
  createTables,
  dynamoClient,
  dynamoKpiStore,
  dynamoRunLedger,
} from "@topline/aws-adapters/dynamodb";
import { ensureBucket, keepVersions, s3Client, s3ObjectStore } from "@topline/aws-adapters/s3";
import type { TableSpec } from "@topline/core";
import { deltaZone } from "@topline/delta-log";
import { type BackendRow, type Cloud, describeOnBackends } from "../../../test/backends/index.ts";
import {
  describeKpiStore,
  describeObjectStore,
  describeRunLedger,
  describeZone,
} from "../src/contracts/index.ts";
import { contractClock } from "./contract-dynamodb.ts";

/** Every port's contract, on every backend. */

const mebibytes = (count: number) => count * 1024 ** 2;

/** A bucket of its own, for one test. */
async function openBucket({ capabilities }: BackendRow, { s3, region, credentials }: Cloud) {
  const client = s3Client({ endpoint: s3, region, credentials, forcePathStyle: true });
  const bucket = `bucket-${randomUUID()}`;
  await ensureBucket(client, bucket);
  if (!capabilities.includes("conditional-delete")) await keepVersions(client, bucket);
  return { client, bucket, [Symbol.asyncDispose]: async () => client.destroy() };
}

/** Tables of their own, for one test. */
async function openTables({ dynamodb, region, credentials }: Cloud, tables: readonly TableSpec[]) {
  const client = dynamoClient({ endpoint: dynamodb, region, credentials });
  const prefix = `t-${randomUUID()}-`;
  await createTables(client, { prefix, tables });
  const clock = contractClock();
  return {
    clock,
    store: dynamoKpiStore({ client, prefix }),
    ledger: dynamoRunLedger({ client, prefix, clock }),
    [Symbol.asyncDispose]: async () => client.destroy(),
  };
}

describeOnBackends("object store", (backend, cloud) => {
  describeObjectStore("S3 adapter", {
    capabilities: backend.capabilities,
    async open() {
      const opened = await openBucket(backend, cloud());
      const limits = { partSize: mebibytes(5), singleRequestLimit: mebibytes(10) };
      return { ...opened, store: s3ObjectStore({ ...opened, ...limits }) };
    },
  });
});

describeOnBackends("zone", (backend, cloud) => {
  describeZone("Delta Lake over the S3 adapter", {
    async open() {
      const opened = await openBucket(backend, cloud());
      const another = () => deltaZone({ store: s3ObjectStore(opened) });
      return { ...opened, zone: another(), another };
    },
  });
});

describeOnBackends("KPI store", (_backend, cloud) => {
  describeKpiStore("DynamoDB adapter", {
    open: (tables) => openTables(cloud(), tables),
    listLimit: 99,
  });
});

describeOnBackends("run ledger", (_backend, cloud) => {
  describeRunLedger("DynamoDB adapter", { open: () => openTables(cloud(), []) });
});
