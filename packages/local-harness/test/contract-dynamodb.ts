import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  createTables,
  dynamoClient,
  dynamoKpiStore,
  dynamoRunLedger,
} from "@topline/aws-adapters/dynamodb";
import type { Clock, TableSpec } from "@topline/core";
import { virtualClock } from "@topline/core/memory";
import { startDynoxide } from "../src/dynamodb/index.ts";

/** One emulator for a test file; tests keep apart by the prefix of their tables. */
export async function startContractDynamo() {
  const directory = await mkdtemp(join(tmpdir(), "contract-dynamodb-"));
  const server = await startDynoxide({ directory });
  const connect = (maxAttempts = 3) =>
    dynamoClient({
      endpoint: server.endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "topline", secretAccessKey: "topline" },
      maxAttempts,
    });
  const client = connect();
  let tests = 0;

  return {
    client,
    connect,
    endpoint: server.endpoint,
    open: async (tables: readonly TableSpec[] = []) => {
      const prefix = `t${++tests}-`;
      await createTables(client, { prefix, tables });
      const clock = contractClock();
      return {
        prefix,
        clock,
        store: dynamoKpiStore({ client, prefix }),
        ledger: dynamoRunLedger({ client, prefix, clock }),
        async [Symbol.asyncDispose]() {},
      };
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Tells the time that a test sets; what waits for another transaction waits really. */
export function contractClock() {
  const time = virtualClock();
  const sleep: Clock["sleep"] = async (ms) => {
    await delay(ms);
  };
  return { now: () => time.now(), advance: (ms: number) => time.advance(ms), sleep };
}
