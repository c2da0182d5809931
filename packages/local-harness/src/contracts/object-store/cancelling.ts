import type { ObjectStore } from "@topline/core";
import { expect } from "vitest";
import type { StoreTest } from "./store-test.ts";
import { bytesOf, collect, fault, keysOf, LARGE, MiB, read, streamOf, text } from "./content.ts";

const cancelled = { ...fault("CANCELLED"), isRetryable: true };

export function describeCancelling(storeTest: StoreTest): void {
  const calls: Record<string, (store: ObjectStore, signal: AbortSignal) => Promise<unknown>> = {
    list: (store, signal) => Array.fromAsync(store.list("", { signal })),
    get: (store, signal) => store.get("a", { signal }),
    "put of bytes": (store, signal) => store.put("new", text("b"), { signal }),
    "put of a stream": (store, signal) => store.put("new", streamOf(bytesOf(9)), { signal }),
    copy: (store, signal) => store.copy("a", "new", { signal }),
  };
  for (const [name, call] of Object.entries(calls)) {
    storeTest(`that was given already cancels ${name}, which does nothing`, async ({ store }) => {
      await store.put("a", text("a"));
      await expect(call(store, AbortSignal.abort())).rejects.toMatchObject(cancelled);
      await expect(call(store, AbortSignal.abort(new RangeError("enough")))).rejects.toMatchObject(
        cancelled,
      );
      expect(await keysOf(store)).toEqual(["a"]);
    });

    storeTest(`that is never given does not disturb ${name}`, async ({ store }) => {
      await store.put("a", text("a"));
      const { signal } = new AbortController();
      await expect(call(store, signal)).resolves.toBeDefined();
    });
  }

  storeTest("ends a listing under way", async ({ store }) => {
    for (const key of ["a", "b", "c"]) await store.put(key, text(key));
    const stop = new AbortController();
    const seen: string[] = [];
    const listing = (async () => {
      for await (const { key } of store.list("", { signal: stop.signal })) {
        seen.push(key);
        stop.abort();
      }
    })();
    await expect(listing).rejects.toMatchObject(cancelled);
    expect(seen).toEqual(["a"]);
  });

  storeTest("ends a body under way", async ({ store }) => {
    const bytes = bytesOf(LARGE);
    await store.put("a", bytes);
    const stop = new AbortController();
    const { body } = await store.get("a", { signal: stop.signal });
    let seen = 0;
    const reading = (async () => {
      for await (const piece of body) {
        seen += piece.byteLength;
        if (seen > 6 * MiB) stop.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject(cancelled);
    expect(seen).toBeLessThan(LARGE);
  });

  storeTest("ends a put under way, which leaves nothing", async ({ store }) => {
    await store.put("taken", text("before"));
    for (const key of ["free", "taken"]) {
      const stop = new AbortController();
      const source = async function* () {
        yield* streamOf(bytesOf(12 * MiB));
        stop.abort();
        yield* streamOf(bytesOf(12 * MiB));
      };
      const putting = store.put(key, source(), { signal: stop.signal });
      await expect(putting).rejects.toMatchObject(cancelled);
    }
    expect(await keysOf(store)).toEqual(["taken"]);
    expect(await read(store, "taken")).toEqual(text("before"));
  });

  storeTest("given after the call is done changes nothing", async ({ store }) => {
    const stop = new AbortController();
    const { signal } = stop;
    await store.put("a", text("a"), { signal });
    await store.copy("a", "b", { signal });
    const { body } = await store.get("b", { signal });
    expect(await collect(body)).toEqual(text("a"));
    stop.abort();
    expect(await keysOf(store)).toEqual(["a", "b"]);
  });
}
