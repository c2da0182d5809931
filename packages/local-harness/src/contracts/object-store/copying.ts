import { ToplineError } from "@topline/core";
import { expect } from "vitest";
import type { StoreTest } from "./store-test.ts";
import { bytesOf, fault, keysOf, LARGE, read, summary, text } from "./content.ts";

export function describeCopying(storeTest: StoreTest, conditional: boolean): void {
  for (const size of [0, 5, LARGE]) {
    storeTest(`makes a second object of ${size} bytes`, async ({ store }) => {
      const bytes = bytesOf(size);
      await store.put("from", bytes);
      const { etag } = await store.copy("from", "to");
      expect(await store.head("to")).toMatchObject({ key: "to", size, etag });
      expect(summary(await read(store, "to"))).toBe(summary(bytes));
      await store.delete("from");
      expect(summary(await read(store, "to"))).toBe(summary(bytes));
    });
  }

  storeTest("replaces what was there", async ({ store }) => {
    await store.put("from", text("new"), { metadata: { name: "new" } });
    await store.put("to", text("old one"), { metadata: { name: "old", more: "more" } });
    await store.copy("from", "to");
    expect(await read(store, "to")).toEqual(text("new"));
    expect((await store.head("to"))?.metadata).toEqual({ name: "new" });
  });

  storeTest("keeps the metadata, or replaces all of it", async ({ store }) => {
    await store.put("from", text("a"), { metadata: { one: "1", two: "2" } });
    await store.copy("from", "kept");
    expect((await store.head("kept"))?.metadata).toEqual({ one: "1", two: "2" });
    await store.copy("from", "replaced", { metadata: { three: "3" } });
    expect((await store.head("replaced"))?.metadata).toEqual({ three: "3" });
    await store.copy("from", "emptied", { metadata: {} });
    expect((await store.head("emptied"))?.metadata).toEqual({});
    expect((await store.head("from"))?.metadata).toEqual({ one: "1", two: "2" });
  });

  storeTest("onto itself changes its metadata", async ({ store }) => {
    await store.put("a", text("a"), { metadata: { one: "1" } });
    await store.copy("a", "a", { metadata: { two: "2" } });
    expect(await read(store, "a")).toEqual(text("a"));
    expect((await store.head("a"))?.metadata).toEqual({ two: "2" });
  });

  storeTest("of no object is OBJECT_NOT_FOUND, and leaves the target", async ({ store }) => {
    await store.put("to", text("old"));
    await expect(store.copy("from", "to")).rejects.toMatchObject(fault("OBJECT_NOT_FOUND"));
    await expect(store.copy("from", "to", { ifSourceMatch: `"x"` })).rejects.toMatchObject(
      fault("OBJECT_NOT_FOUND"),
    );
    expect(await read(store, "to")).toEqual(text("old"));
    expect(await keysOf(store)).toEqual(["to"]);
  });

  for (const size of [5, LARGE]) {
    storeTest(`takes only a source of ${size} bytes that has the ETag`, async ({ store }) => {
      const [one, two] = [bytesOf(size, 1), bytesOf(size, 2)];
      const first = await store.put("from", one);
      await store.copy("from", "to", { ifSourceMatch: first.etag });
      expect(summary(await read(store, "to"))).toBe(summary(one));
      await store.put("from", two);
      for (const target of ["to", "free"]) {
        await expect(
          store.copy("from", target, { ifSourceMatch: first.etag }),
        ).rejects.toMatchObject({ ...fault("OBJECT_CHANGED"), isRetryable: false });
      }
      expect(summary(await read(store, "to"))).toBe(summary(one));
      expect(await store.head("free")).toBeUndefined();
    });
  }

  if (conditional) describeRaces(storeTest);
}

function describeRaces(storeTest: StoreTest): void {
  for (const size of [5, LARGE]) {
    storeTest(
      `never takes what replaces a source of ${size} bytes meanwhile`,
      async ({ store }) => {
        const [one, two] = [bytesOf(size, 1), bytesOf(size, 2)];
        for (let round = 0; round < (size === LARGE ? 2 : 20); round++) {
          const { etag } = await store.put("from", one);
          const copying = store.copy("from", `to/${round}`, { ifSourceMatch: etag });
          const [outcome] = await Promise.allSettled([copying, store.put("from", two)]);
          if (outcome.status === "fulfilled") {
            expect(summary(await read(store, `to/${round}`))).toBe(summary(one));
          } else {
            expect(ToplineError.is(outcome.reason) && outcome.reason.code).toBe("OBJECT_CHANGED");
            expect(await store.head(`to/${round}`)).toBeUndefined();
          }
        }
      },
    );
  }
}
