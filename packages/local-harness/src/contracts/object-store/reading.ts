import { ToplineError } from "@topline/core";
import { expect } from "vitest";
import type { StoreTest } from "./store-test.ts";
import { bytesOf, collect, fault, LARGE, MiB, read, summary, text } from "./content.ts";

export function describeReading(storeTest: StoreTest): void {
  storeTest("of no object: undefined, and OBJECT_NOT_FOUND", async ({ store }) => {
    expect(await store.head("a")).toBeUndefined();
    await expect(store.get("a")).rejects.toMatchObject(fault("OBJECT_NOT_FOUND"));
    await expect(store.get("a", { ifMatch: `"x"` })).rejects.toMatchObject(
      fault("OBJECT_NOT_FOUND"),
    );
    await expect(store.get("a", { range: { first: 0, last: 9 } })).rejects.toMatchObject(
      fault("OBJECT_NOT_FOUND"),
    );
  });

  storeTest("tell the same of an object", async ({ store }) => {
    const { etag } = await store.put("a", text("hello"), { metadata: { name: "value" } });
    const head = await store.head("a");
    expect(head).toEqual({
      key: "a",
      size: 5,
      etag,
      lastModified: expect.any(Date),
      metadata: { name: "value" },
    });
    const { body, ...got } = await store.get("a");
    expect(got).toEqual(head);
    expect(await collect(body)).toEqual(text("hello"));
  });

  storeTest("see the last put, every time", async ({ store }) => {
    for (let round = 0; round < 20; round++) {
      const bytes = text(`round ${round}`);
      const { etag } = await store.put("a", bytes);
      expect(await store.head("a")).toMatchObject({ etag, size: bytes.byteLength });
      expect(await read(store, "a")).toEqual(bytes);
    }
  });

  storeTest("get ranges, both ends included", async ({ store }) => {
    await store.put("a", text("0123456789"));
    const part = async (first: number, last?: number) => {
      const range = last === undefined ? { first } : { first, last };
      const { size, body } = await store.get("a", { range });
      expect(size).toBe(10);
      return new TextDecoder().decode(await collect(body));
    };
    expect(await part(0, 0)).toBe("0");
    expect(await part(3, 5)).toBe("345");
    expect(await part(0, 9)).toBe("0123456789");
    expect(await part(7)).toBe("789");
    expect(await part(9)).toBe("9");
    expect(await part(8, 1_000_000)).toBe("89");
    expect(await part(0, Number.MAX_SAFE_INTEGER)).toBe("0123456789");
  });

  storeTest("get nothing where a range begins at the end or beyond", async ({ store }) => {
    await store.put("a", text("0123456789"));
    await store.put("empty", new Uint8Array());
    for (const [key, first] of [
      ["a", 10],
      ["a", 1_000],
      ["empty", 0],
      ["empty", 5],
    ] as const) {
      const { size, body } = await store.get(key, { range: { first, last: first + 9 } });
      expect(size).toBe(key === "a" ? 10 : 0);
      expect(await collect(body)).toEqual(new Uint8Array());
    }
  });

  storeTest("get an empty object", async ({ store }) => {
    const { etag } = await store.put("a", new Uint8Array(), { metadata: { name: "value" } });
    const { body, ...head } = await store.get("a", { ifMatch: etag });
    expect(head).toMatchObject({ key: "a", size: 0, etag, metadata: { name: "value" } });
    expect(await collect(body)).toEqual(new Uint8Array());
    await expect(store.get("a", { ifMatch: `"x"` })).rejects.toMatchObject(fault("OBJECT_CHANGED"));
  });

  storeTest("get a large object whole, and ranges of it", async ({ store }) => {
    const bytes = bytesOf(LARGE);
    await store.put("a", bytes);
    expect(summary(await read(store, "a"))).toBe(summary(bytes));
    for (const [first, last] of [
      [5 * MiB - 1, 5 * MiB],
      [3 * MiB + 1, 19 * MiB + 7],
      [LARGE - 6 * MiB, LARGE + 6 * MiB],
    ] as const) {
      const found = await read(store, "a", { range: { first, last } });
      expect(summary(found)).toBe(summary(bytes.subarray(first, last + 1)));
    }
  });

  storeTest("get only what has the ETag", async ({ store }) => {
    const first = await store.put("a", text("one"));
    expect(await read(store, "a", { ifMatch: first.etag })).toEqual(text("one"));
    const second = await store.put("a", text("two"));
    expect(second.etag).not.toBe(first.etag);
    await expect(store.get("a", { ifMatch: first.etag })).rejects.toMatchObject(
      fault("OBJECT_CHANGED"),
    );
    const range = { first: 1, last: 1 };
    await expect(store.get("a", { range, ifMatch: first.etag })).rejects.toMatchObject(
      fault("OBJECT_CHANGED"),
    );
    expect(await read(store, "a", { range, ifMatch: second.etag })).toEqual(text("w"));
  });

  storeTest("never mix two objects when one replaces the other under way", async ({ store }) => {
    const [before, after] = [bytesOf(LARGE, 1), bytesOf(LARGE, 2)];
    await store.put("a", before);
    const { body } = await store.get("a");
    const pieces: Uint8Array[] = [];
    let ended: unknown = "whole";
    try {
      for await (const piece of body) {
        if (pieces.length === 0) await store.put("a", after);
        pieces.push(Uint8Array.from(piece));
      }
    } catch (error) {
      ended = ToplineError.is(error) ? error.code : error;
    }
    const found = await collect(from(pieces));
    expect(["whole", "OBJECT_CHANGED"]).toContain(ended);
    expect(summary(found)).toBe(summary(before.subarray(0, found.byteLength)));
    if (ended === "whole") expect(found.byteLength).toBe(LARGE);
    expect(summary(await read(store, "a"))).toBe(summary(after));
  });

  storeTest("may leave large objects early, any number of times", async ({ store }) => {
    const bytes = bytesOf(LARGE);
    await store.put("a", bytes);
    // More often than a client has connections.
    for (let round = 0; round < 60; round++) {
      const { body } = await store.get("a");
      for await (const piece of body) {
        expect(summary(piece)).toBe(summary(bytes.subarray(0, piece.byteLength)));
        break;
      }
    }
    const { body } = await store.get("a");
    let seen = 0;
    for await (const piece of body) {
      seen += piece.byteLength;
      if (seen > 7 * MiB) break;
    }
    expect(summary(await read(store, "a"))).toBe(summary(bytes));
  });

  storeTest("see whole objects while others write", async ({ store }) => {
    const uniform = (value: number) => new Uint8Array(MiB + value).fill(value);
    await store.put("a", uniform(0));
    const writing = (async () => {
      for (let value = 1; value <= 12; value++) await store.put("a", uniform(value));
    })();
    const found = new Set<string>();
    const readers = Array.from({ length: 3 }, async () => {
      for (let round = 0; round < 8; round++) found.add(summary(await read(store, "a")));
    });
    await Promise.all([writing, ...readers]);
    const possible = Array.from({ length: 13 }, (_, value) => summary(uniform(value)));
    expect([...found].filter((seen) => !possible.includes(seen))).toEqual([]);
    expect(summary(await read(store, "a"))).toBe(possible.at(-1));
  });
}

async function* from(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}
