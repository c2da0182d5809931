import { memoryKpiStore, memoryRunLedger } from "@topline/core/memory";
import { describeKpiStore } from "../src/contracts/kpi-store.ts";
import { contractClock } from "./contract-dynamodb.ts";

describeKpiStore("in memory", {
  async open() {
    const ledger = memoryRunLedger({ clock: contractClock() });
    return { ledger, store: memoryKpiStore({ ledger }), async [Symbol.asyncDispose]() {} };
  },
});
