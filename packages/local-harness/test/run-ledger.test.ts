import { memoryRunLedger } from "@topline/core/memory";
import { afterAll } from "vitest";
import { describeRunLedger } from "../src/contracts/run-ledger.ts";
import { contractClock, startContractDynamo } from "./contract-dynamodb.ts";

describeRunLedger("in memory", {
  async open() {
    const clock = contractClock();
    return { clock, ledger: memoryRunLedger({ clock }), async [Symbol.asyncDispose]() {} };
  },
});

const dynamo = await startContractDynamo();
afterAll(() => dynamo[Symbol.asyncDispose]());

describeRunLedger("DynamoDB on dynoxide", dynamo);
