import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import {
  createTables,
  dynamoClient,
  dynamoKpiStore,
  dynamoRunLedger,
} from "../../../packages/aws-adapters/src/dynamodb/index.ts";
import {
  ensureBucket,
  s3Client,
  s3ObjectStore,
} from "../../../packages/aws-adapters/src/s3/index.ts";
import type { TableSpec } from "../../../packages/core/src/index.ts";
import { deltaZone } from "../../../packages/delta-log/src/index.ts";
import {
  describeKpiStore,
  describeRunLedger,
  describeZone,
} from "../../../packages/local-harness/src/contracts/index.ts";
import { contractClock } from "../../../packages/local-harness/test/contract-dynamodb.ts";
import type { Cloud } from "../../../test/backends/cloud.ts";
import { startHarness } from "../../../test/backends/harness.ts";
import { describeNeeding } from "../../../test/needs.ts";
import { pythonKpiStore, pythonLedger, pythonZone } from "./bridge/python-ports.ts";
import { PythonProcess } from "./bridge/python-process.ts";

/**
 * The ports' contracts, kept by Python and by both at once: over one bucket and the same tables, either goes on
 * where the other has stopped.
 */

describeNeeding(["python"], "the contracts of the ports", ({ python: interpreter }) => {
  let cloud: Cloud;
  let python: PythonProcess;
  const held = new AsyncDisposableStack();
  beforeAll(async () => {
    cloud = held.use(await startHarness("embedded"));
    python = held.use(new PythonProcess(interpreter, cloud));
  });
  afterAll(() => held.disposeAsync());

  const openBucket = async () => {
    const { s3: endpoint, region, credentials } = cloud;
    const client = s3Client({ endpoint, region, credentials, forcePathStyle: true });
    const bucket = `bucket-${randomUUID()}`;
    await ensureBucket(client, bucket);
    return { client, bucket, [Symbol.asyncDispose]: async () => client.destroy() };
  };

  const openTables = async (tables: readonly TableSpec[]) => {
    const { dynamodb: endpoint, region, credentials } = cloud;
    const client = dynamoClient({ endpoint, region, credentials });
    const prefix = `t-${randomUUID()}-`;
    await createTables(client, { prefix, tables });
    const clock = contractClock();
    return {
      prefix,
      clock,
      store: dynamoKpiStore({ client, prefix }),
      ledger: dynamoRunLedger({ client, prefix, clock }),
      [Symbol.asyncDispose]: async () => client.destroy(),
    };
  };

  describeZone("Python's", {
    async open() {
      const { bucket, ...opened } = await openBucket();
      let views = 0;
      const another = () => pythonZone(python, bucket, ++views);
      return { ...opened, zone: another(), another };
    },
  });

  describeZone("Python's, among TypeScript's", {
    async open() {
      const opened = await openBucket();
      const another = () => deltaZone({ store: s3ObjectStore(opened) });
      return { ...opened, zone: pythonZone(python, opened.bucket, 0), another };
    },
  });

  describeZone("TypeScript's, among Python's", {
    async open() {
      const opened = await openBucket();
      let views = 0;
      const another = () => pythonZone(python, opened.bucket, ++views);
      return { ...opened, zone: deltaZone({ store: s3ObjectStore(opened) }), another };
    },
  });

  describeKpiStore("published by Python, read by TypeScript", {
    listLimit: 99,
    async open(tables) {
      const opened = await openTables(tables);
      const store = pythonKpiStore(python, opened.prefix, opened.store);
      return { ...opened, store };
    },
  });

  describeRunLedger("Python's, read by TypeScript", {
    async open() {
      const opened = await openTables([]);
      const { prefix, clock, ledger } = opened;
      return { ...opened, ledger: pythonLedger(python, prefix, clock, ledger) };
    },
  });
});
