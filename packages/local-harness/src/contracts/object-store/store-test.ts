import type { ObjectStore } from "@topline/core";
import { test } from "vitest";

/**
 * What a backend may lack. Without it the suite asserts the fallback instead:
 * - `conditional-put`: `ifNoneMatch` holds also among writers at once. Without: it is overlooked, the last put
 *   stands, and only a lease keeps writers apart.
 * - `conditional-put-in-parts`: it holds so for objects that are put in parts, too. Without: of such writers at once
 *   more than one may succeed, and the object is that of one of them; one that comes later is refused all the same.
 * - `conditional-copy-source`: the source's ETag is judged with the copy. Without: before the copy, so that an
 *   object put in between may be copied instead; one replaced earlier is refused all the same.
 * - `conditional-delete`: the ETag is judged with the delete. Without: before it, so that an object put in
 *   between may be deleted instead; one replaced earlier is refused all the same.
 * - `list-after-any-key`: a listing begins after a key whatever characters keys have. Without: where they have those
 *   that a URL has as they are.
 * - `line-feeds-in-keys`: a key may hold a line feed. Without: a put under such a key is refused.
 */
export const OBJECT_STORE_CAPABILITIES = [
  "conditional-put",
  "conditional-put-in-parts",
  "conditional-copy-source",
  "conditional-delete",
  "list-after-any-key",
  "line-feeds-in-keys",
] as const;

export type ObjectStoreCapability = (typeof OBJECT_STORE_CAPABILITIES)[number];

/** A store without objects, for one test. */
export interface OpenObjectStore extends AsyncDisposable {
  readonly store: ObjectStore;
}

export interface ObjectStoreBackend {
  /** Where the store moves objects in parts, let them be of 5 MiB: the suite's large objects have four and a bit. */
  open(): Promise<OpenObjectStore>;
  readonly capabilities: readonly ObjectStoreCapability[];
}

export const storeTestOver = (backend: ObjectStoreBackend) =>
  test.extend("backend", backend).extend("store", async ({ backend }, { onCleanup }) => {
    const open = await backend.open();
    onCleanup(() => open[Symbol.asyncDispose]());
    return open.store;
  });

export type Can = (capability: ObjectStoreCapability) => boolean;

/** vitest's `test`, with an empty store in its context. */
export type StoreTest = ReturnType<typeof storeTestOver>;
