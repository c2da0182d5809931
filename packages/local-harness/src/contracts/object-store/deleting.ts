import { ToplineError } from "@topline/core";
import { expect } from "vitest";
import type { StoreTest } from "./store-test.ts";
import { fault, keysOf, read, text } from "./content.ts";

export function describeDeleting(storeTest: StoreTest, conditional: boolean): void {
  storeTest("removes the object, and no other", async ({ store }) => {
    for (const key of ["a", "a/b", "a/b/c", "ab"]) await store.put(key, text(key));
    await store.delete("a/b");
    expect(await store.head("a/b")).toBeUndefined();
    await expect(store.get("a/b")).rejects.toMatchObject(fault("OBJECT_NOT_FOUND"));
    expect(await keysOf(store)).toEqual(["a", "a/b/c", "ab"]);
  });

  storeTest("of what is not there is done", async ({ store }) => {
    await store.delete("a");
    await store.delete("a", { ifMatch: `"0123456789abcdef0123456789abcdef"` });
    const { etag } = await store.put("a", text("a"));
    await store.delete("a", { ifMatch: etag });
    await store.delete("a", { ifMatch: etag });
    expect(await store.head("a")).toBeUndefined();
  });

  storeTest("leaves an object that was replaced", async ({ store }) => {
    const first = await store.put("a", text("one"));
    const second = await store.put("a", text("two"));
    await expect(store.delete("a", { ifMatch: first.etag })).rejects.toMatchObject({
      ...fault("OBJECT_CHANGED"),
      isRetryable: false,
    });
    expect(await read(store, "a")).toEqual(text("two"));
    await store.delete("a", { ifMatch: second.etag });
    expect(await keysOf(store)).toEqual([]);
  });

  if (conditional) describeRaces(storeTest);
}

function describeRaces(storeTest: StoreTest): void {
  storeTest("never removes what replaces the object meanwhile", async ({ store }) => {
    for (let round = 0; round < 30; round++) {
      const { etag } = await store.put("a", text("one"));
      const deleting = store.delete("a", { ifMatch: etag });
      const [outcome] = await Promise.allSettled([deleting, store.put("a", text("two"))]);
      if (outcome.status === "rejected") {
        expect(ToplineError.is(outcome.reason) && outcome.reason.code).toBe("OBJECT_CHANGED");
      }
      expect(await read(store, "a")).toEqual(text("two"));
    }
  });
}
