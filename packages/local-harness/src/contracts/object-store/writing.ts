import { ToplineError } from "@topline/core";
import { expect } from "vitest";
import type { Can, StoreTest } from "./store-test.ts";
import { bytesOf, fault, keysOf, LARGE, MiB, read, streamOf, summary, text } from "./content.ts";

export function describeWriting(storeTest: StoreTest, can: Can): void {
  storeTest("keeps bytes, and a copy of its own", async ({ store }) => {
    const bytes = text("hello");
    const { etag } = await store.put("a", bytes);
    bytes.fill(0);
    expect(await read(store, "a")).toEqual(text("hello"));
    expect(await store.head("a")).toMatchObject({ etag });
  });

  storeTest("replaces what was there, metadata and all", async ({ store }) => {
    await store.put("a", text("one"), { metadata: { name: "value" } });
    await store.put("a", text("three"));
    expect(await read(store, "a")).toEqual(text("three"));
    expect((await store.head("a"))?.metadata).toEqual({});
    expect(await keysOf(store)).toEqual(["a"]);
  });

  for (const size of [0, 1, 5 * MiB - 1, 5 * MiB, 5 * MiB + 1, 10 * MiB, LARGE]) {
    storeTest(`takes a stream of ${size} bytes`, async ({ store }) => {
      const bytes = bytesOf(size);
      const { etag } = await store.put("a", streamOf(bytes), { metadata: { name: "value" } });
      expect(await store.head("a")).toMatchObject({ etag, size, metadata: { name: "value" } });
      expect(summary(await read(store, "a"))).toBe(summary(bytes));
    });
  }

  storeTest("takes streams of tiny, empty and very large chunks", async ({ store }) => {
    const small = bytesOf(5_000);
    await store.put("tiny", streamOf(small, 1));
    expect(summary(await read(store, "tiny"))).toBe(summary(small));

    const large = bytesOf(LARGE);
    await store.put("large", streamOf(large, 16 * MiB));
    expect(summary(await read(store, "large"))).toBe(summary(large));

    const holes = async function* () {
      yield new Uint8Array();
      yield text("a");
      yield new Uint8Array();
      yield text("b");
      yield new Uint8Array();
    };
    await store.put("holes", holes());
    expect(await read(store, "holes")).toEqual(text("ab"));
  });

  for (const size of [0, 1, 12 * MiB]) {
    storeTest(`of a stream that throws after ${size} bytes leaves nothing`, async ({ store }) => {
      const broken = (failure: Error) =>
        (async function* () {
          yield* streamOf(bytesOf(size));
          throw failure;
        })();
      const failure = new RangeError("the source broke");
      await expect(store.put("a", broken(failure))).rejects.toBe(failure);
      expect(await store.head("a")).toBeUndefined();
      expect(await keysOf(store)).toEqual([]);

      await store.put("a", text("before"));
      await expect(store.put("a", broken(failure))).rejects.toBe(failure);
      expect(await read(store, "a")).toEqual(text("before"));
    });
  }

  storeTest("that must create succeeds where the key is free", async ({ store }) => {
    await store.put("bytes", text("x"), { ifNoneMatch: "*" });
    expect(await read(store, "bytes")).toEqual(text("x"));
    const large = bytesOf(LARGE);
    await store.put("stream", streamOf(large), { ifNoneMatch: "*" });
    expect(summary(await read(store, "stream"))).toBe(summary(large));
    await store.delete("bytes");
    await store.put("bytes", text("y"), { ifNoneMatch: "*" });
    expect(await read(store, "bytes")).toEqual(text("y"));
  });

  if (can("conditional-put")) describeConditions(storeTest, can("conditional-put-in-parts"));
  else describeOverlooked(storeTest);
}

function describeConditions(storeTest: StoreTest, inParts: boolean): void {
  storeTest("that must create throws OBJECT_EXISTS where the key is taken", async ({ store }) => {
    await store.put("a", text("first"), { metadata: { name: "value" } });
    for (const body of [() => text("later"), () => streamOf(bytesOf(LARGE))]) {
      await expect(store.put("a", body(), { ifNoneMatch: "*" })).rejects.toMatchObject({
        ...fault("OBJECT_EXISTS"),
        isRetryable: false,
      });
      expect(await read(store, "a")).toEqual(text("first"));
      expect((await store.head("a"))?.metadata).toEqual({ name: "value" });
    }
  });

  const races = {
    "20 puts of bytes": {
      writers: 20,
      bytesFrom: (at: number) => text(`writer ${at}`),
      winners: 1,
    },
    "3 puts of streams in parts": {
      writers: 3,
      bytesFrom: (at: number) => bytesOf(6 * MiB, at + 1),
      winners: inParts ? 1 : 3,
    },
  };
  for (const [what, { writers, bytesFrom, winners: most }] of Object.entries(races)) {
    const howMany =
      most === 1 ? "one winner" : "a winner, or several where conditions are overlooked,";
    storeTest(`has ${howMany} among ${what} that must create`, async ({ store }) => {
      const race = Array.from({ length: writers }, (_, at) => {
        const bytes = bytesFrom(at);
        const body = bytes.byteLength < MiB ? bytes : streamOf(bytes);
        return store.put("a", body, { ifNoneMatch: "*" });
      });
      const outcomes = await Promise.allSettled(race);
      const winners = outcomes.flatMap(({ status }, at) => (status === "fulfilled" ? [at] : []));
      expect(winners.length).toBeGreaterThanOrEqual(1);
      expect(winners.length).toBeLessThanOrEqual(most);
      for (const outcome of outcomes) {
        if (outcome.status === "fulfilled") continue;
        expect(ToplineError.is(outcome.reason) && outcome.reason.code).toBe("OBJECT_EXISTS");
      }
      const won = winners.map((at) => summary(bytesFrom(at)));
      expect(won).toContain(summary(await read(store, "a")));
    });
  }
}

function describeOverlooked(storeTest: StoreTest): void {
  storeTest(
    "that must create overwrites: the backend overlooks the condition",
    async ({ store }) => {
      await store.put("a", text("first"));
      await store.put("a", text("later"), { ifNoneMatch: "*" });
      expect(await read(store, "a")).toEqual(text("later"));
      const bodies = Array.from({ length: 20 }, (_, at) => text(`writer ${at}`));
      await Promise.all(bodies.map((body) => store.put("b", body, { ifNoneMatch: "*" })));
      expect(bodies).toContainEqual(await read(store, "b"));
    },
  );
}
