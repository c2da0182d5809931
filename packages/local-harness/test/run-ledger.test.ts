import { memoryRunLedger } from "@topline/core/memory";
import { describeRunLedger } from "../src/contracts/run-ledger.ts";
import { contractClock } from "./contract-dynamodb.ts";

describeRunLedger("in memory", {
  async open() {
    const clock = contractClock();
    return { clock, ledger: memoryRunLedger({ clock }), async [Symbol.asyncDispose]() {} };
  },
});
