import { memoryObjectStore, memoryZone } from "@topline/core/memory";
import { deltaZone } from "@topline/delta-log";
import { describeZone } from "../src/contracts/zone.ts";

const nothingToEnd = async () => {};

describeZone("in memory", {
  async open() {
    const zone = memoryZone();
    return { zone, another: () => zone, [Symbol.asyncDispose]: nothingToEnd };
  },
});

describeZone("Delta Lake over a store in memory", {
  async open() {
    const store = memoryObjectStore();
    const another = () => deltaZone({ store });
    return { zone: another(), another, [Symbol.asyncDispose]: nothingToEnd };
  },
});
