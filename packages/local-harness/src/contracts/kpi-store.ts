import { describe } from "vitest";
import { describeMany, describeOrder } from "./kpi-store/order.ts";
import { describePublish } from "./kpi-store/publishing.ts";
import { describeFence, describeRefusals } from "./kpi-store/refusals.ts";
import { type KpiStoreBackend, storeTestOver } from "./kpi-store/store-test.ts";
import { describeValues } from "./kpi-store/values.ts";

export type { KpiStoreBackend, OpenKpiStore } from "./kpi-store/store-test.ts";

/** Registers the tests of the `KpiStore` port. */
export function describeKpiStore(name: string, backend: KpiStoreBackend): void {
  const storeTest = storeTestOver(backend);
  describe(`KPI store: ${name}`, () => {
    describe("values", () => {
      describeValues(storeTest);
    });
    describe("order", () => {
      describeOrder(storeTest);
    });
    describe("publish", () => {
      describePublish(storeTest);
    });
    describe("refusals", () => {
      describeRefusals(storeTest, backend.listLimit);
    });
    describe("fence", () => {
      describeFence(storeTest);
    });
    describe("many items", () => {
      describeMany(storeTest);
    });
  });
}
