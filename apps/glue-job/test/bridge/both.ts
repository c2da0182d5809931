import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import {
  createTables,
  dynamoClient,
  dynamoKpiStore,
  dynamoRunLedger,
} from "../../../../packages/aws-adapters/src/dynamodb/index.ts";
import {
  ensureBucket,
  s3Client,
  s3ObjectStore,
} from "../../../../packages/aws-adapters/src/s3/index.ts";
import type {
  KpiStore,
  ObjectStore,
  RunLedger,
  TableSpec,
  Zone,
} from "../../../../packages/core/src/index.ts";
import { deltaZone } from "../../../../packages/delta-log/src/index.ts";
import type { ContractClock } from "../../../../packages/local-harness/src/contracts/run-ledger.ts";
import { contractClock } from "../../../../packages/local-harness/test/contract-dynamodb.ts";
import type { Cloud } from "../../../../test/backends/cloud.ts";
import { startHarness } from "../../../../test/backends/harness.ts";
import { pythonKpiStore, pythonLedger, pythonZone } from "./python-ports.ts";
import { PythonProcess } from "./python-process.ts";

/** Two processes of one language share nothing but the bucket. */
export interface BucketOfBoth extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly typescript: () => Zone;
  readonly python: () => Zone;
}

interface Tables {
  readonly kpis: KpiStore;
  readonly ledger: RunLedger;
}

export interface TablesOfBoth extends AsyncDisposable {
  readonly prefix: string;
  readonly clock: ContractClock;
  readonly typescript: Tables;
  readonly python: Tables;
}

export interface Both {
  readonly process: PythonProcess;
  bucket(): Promise<BucketOfBoth>;
  tables(specs: readonly TableSpec[]): Promise<TablesOfBoth>;
}

/** Registers an embedded harness and a process of Python for the suite. For use in hooks and tests. */
export function both(interpreter: string): () => Both {
  const held = new AsyncDisposableStack();
  let found: Both | undefined;
  beforeAll(async () => {
    const cloud = held.use(await startHarness("embedded"));
    found = over(cloud, held.use(new PythonProcess(interpreter, cloud)));
  });
  afterAll(() => held.disposeAsync());
  return () => {
    if (found === undefined) throw new Error("Python has not been started yet.");
    return found;
  };
}

function over({ s3, dynamodb, region, credentials }: Cloud, process: PythonProcess): Both {
  let views = 0;
  return {
    process,

    async bucket() {
      const client = s3Client({ endpoint: s3, region, credentials, forcePathStyle: true });
      const bucket = `bucket-${randomUUID()}`;
      await ensureBucket(client, bucket);
      const store = s3ObjectStore({ client, bucket });
      return {
        store,
        typescript: () => deltaZone({ store: s3ObjectStore({ client, bucket }) }),
        python: () => pythonZone(process, bucket, ++views),
        [Symbol.asyncDispose]: async () => client.destroy(),
      };
    },

    async tables(specs) {
      const client = dynamoClient({ endpoint: dynamodb, region, credentials });
      const prefix = `t-${randomUUID()}-`;
      await createTables(client, { prefix, tables: specs });
      const clock = contractClock();
      const kpis = dynamoKpiStore({ client, prefix });
      const ledger = dynamoRunLedger({ client, prefix, clock });
      return {
        prefix,
        clock,
        typescript: { kpis, ledger },
        python: {
          kpis: pythonKpiStore(process, prefix, kpis),
          ledger: pythonLedger(process, prefix, clock, ledger),
        },
        [Symbol.asyncDispose]: async () => client.destroy(),
      };
    },
  };
}
