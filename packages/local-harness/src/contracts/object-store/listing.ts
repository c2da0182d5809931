import { mapConcurrently } from "@topline/core";
import { expect } from "vitest";
import type { Can, StoreTest } from "./store-test.ts";
import { keysOf, text } from "./content.ts";

export function describeListing(storeTest: StoreTest, can: Can): void {
  storeTest("of nothing yields nothing", async ({ store }) => {
    expect(await keysOf(store)).toEqual([]);
    await store.put("a", text("a"));
    expect(await keysOf(store, "b")).toEqual([]);
    expect(await keysOf(store, "a/")).toEqual([]);
  });

  storeTest("yields what begins with the prefix, folders and all", async ({ store }) => {
    const keys = ["raw-data/a.csv", "raw-data/streams/b.csv", "raw-data2/c.csv", "raw", "x/raw/d"];
    for (const key of keys) await store.put(key, text(key));
    expect(await keysOf(store, "raw-data/")).toEqual(["raw-data/a.csv", "raw-data/streams/b.csv"]);
    expect(await keysOf(store, "raw-data")).toEqual([
      "raw-data/a.csv",
      "raw-data/streams/b.csv",
      "raw-data2/c.csv",
    ]);
    expect(await keysOf(store, "raw-data/s")).toEqual(["raw-data/streams/b.csv"]);
    expect(await keysOf(store, "")).toEqual([
      "raw",
      "raw-data/a.csv",
      "raw-data/streams/b.csv",
      "raw-data2/c.csv",
      "x/raw/d",
    ]);
  });

  storeTest("takes the prefix as it is, whatever characters it has", async ({ store }) => {
    await store.put("a b+%é/1", text("1"));
    await store.put("a+b %é/2", text("2"));
    expect(await keysOf(store, "a b+%é/")).toEqual(["a b+%é/1"]);
    expect(await keysOf(store, "a+b %é/")).toEqual(["a+b %é/2"]);
  });

  storeTest("is in the order of the keys' UTF-8 bytes", async ({ store }) => {
    // U+FFFD is EF BF BD and U+1F3B5 is F0 9F 8E B5 in UTF-8; in UTF-16 the latter comes first.
    const ordered = [
      "A",
      "B",
      "a",
      ...(can("line-feeds-in-keys") ? ["a\n"] : []),
      "a ",
      "a!",
      "a+",
      "a-b",
      "a/b",
      "a0",
      "ab",
      "z",
      "~",
      "\u00e9",
      "\u65e5",
      "\ud7ff",
      "\ue000",
      "\ufffd",
      "\u{1f3b5}",
      "\u{1f3b5}a",
      "\u{10ffff}",
    ];
    for (const key of ordered.toReversed()) await store.put(key, text(key));
    expect(await keysOf(store)).toEqual(ordered);
  });

  storeTest("goes on after 1,000 keys, each once, in order", async ({ store }) => {
    const keys = Array.from({ length: 1_050 }, (_, at) => `k/${String(at).padStart(5, "0")}`);
    await mapConcurrently(keys, 16, (key) => store.put(key, text(key)));
    expect(await keysOf(store, "k/")).toEqual(keys);
  });

  storeTest("begins after a key, whether that is there or not", async ({ store }) => {
    const others = can("list-after-any-key") ? ["p/d d", "p/\ufffd", "p/\u{1f3b5}"] : [];
    const keys = ["p/a", "p/b", "p/b-1.json", "p/c/d", ...others];
    for (const key of [...keys, "o", "q"]) await store.put(key, text(key));
    const after = (startAfter: string) =>
      Array.fromAsync(store.list("p/", { startAfter }), ({ key }) => key);
    for (const [at, key] of keys.entries()) expect(await after(key)).toEqual(keys.slice(at + 1));
    expect(await after("p/b-")).toEqual(keys.slice(2));
    expect(await after("o")).toEqual(keys);
    expect(await after("q")).toEqual([]);
  });

  storeTest("tells size, ETag and time as head does", async ({ store }) => {
    const { etag } = await store.put("a", text("four"), { metadata: { name: "value" } });
    const [found] = await Array.fromAsync(store.list(""));
    const head = await store.head("a");
    expect(found).toMatchObject({ key: "a", size: 4, etag });
    const seconds = (time: Date | undefined) => Math.floor((time?.getTime() ?? 0) / 1_000);
    expect(seconds(found?.lastModified)).toBe(seconds(head?.lastModified));
    expect(seconds(found?.lastModified)).toBeGreaterThan(0);
  });

  storeTest("shows each write and each delete at once", async ({ store }) => {
    for (const round of [1, 2, 3]) {
      const { etag } = await store.put("a", text("a".repeat(round)));
      expect(await Array.fromAsync(store.list("a"))).toEqual([
        expect.objectContaining({ key: "a", size: round, etag }),
      ]);
      await store.delete("a");
      expect(await keysOf(store)).toEqual([]);
    }
  });

  storeTest("may be left early", async ({ store }) => {
    for (const key of ["a", "b", "c"]) await store.put(key, text(key));
    const seen: string[] = [];
    for await (const { key } of store.list("")) {
      seen.push(key);
      if (key === "b") break;
    }
    expect(seen).toEqual(["a", "b"]);
    expect(await keysOf(store)).toEqual(["a", "b", "c"]);
  });
}
