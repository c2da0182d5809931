import { memoryKpiStore, memoryRunLedger } from "@topline/core/memory";
import { afterAll } from "vitest";
import { describeKpiStore } from "../src/contracts/kpi-store.ts";
import { contractClock, startContractDynamo } from "./contract-dynamodb.ts";

describeKpiStore("in memory", {
  async open() {
    const ledger = memoryRunLedger({ clock: contractClock() });
    return { ledger, store: memoryKpiStore({ ledger }), async [Symbol.asyncDispose]() {} };
  },
});

const dynamo = await startContractDynamo();
afterAll(() => dynamo[Symbol.asyncDispose]());

describeKpiStore("DynamoDB on dynoxide", { open: dynamo.open, listLimit: 99 });
