import type { ObjectStore } from "@topline/core";
import { memoryObjectStore } from "@topline/core/memory";
import {
  describeObjectStore,
  OBJECT_STORE_CAPABILITIES,
  type OpenObjectStore,
} from "../src/contracts/object-store.ts";

describeObjectStore("in memory", {
  capabilities: OBJECT_STORE_CAPABILITIES,
  open: async () => opened(memoryObjectStore()),
});

describeObjectStore("in memory, overlooking what a backend may overlook", {
  capabilities: ["line-feeds-in-keys"],
  open: async () => {
    const store = memoryObjectStore();
    return opened({
      ...store,
      put: (key, body, { ifNoneMatch: _overlooked, ...options } = {}) =>
        store.put(key, body, options),
    });
  },
});

function opened(store: ObjectStore): OpenObjectStore {
  return { store, [Symbol.asyncDispose]: async () => {} };
}
