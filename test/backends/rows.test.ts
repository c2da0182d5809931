import { expect, test } from "vitest";
import { OBJECT_STORE_CAPABILITIES } from "../../packages/local-harness/src/contracts/object-store.ts";
import { type BackendRow, ROWS } from "./rows.ts";

test.each<BackendRow>(Object.values(ROWS))(
  "what $name lacks is told with evidence and with what stands in",
  ({ capabilities, differences }) => {
    const lacking = OBJECT_STORE_CAPABILITIES.filter((one) => !capabilities.includes(one));
    const told = differences.flatMap(({ lacks }) => lacks ?? []);
    expect(told.toSorted()).toEqual(lacking.toSorted());
  },
);
