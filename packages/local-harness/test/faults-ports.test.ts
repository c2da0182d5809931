import { text } from "node:stream/consumers";
import type { FetchedObject, PublishCounts } from "@topline/core";
import {
  memoryKpiStore,
  memoryObjectStore,
  memoryRunLedger,
  memoryZone,
  virtualClock,
} from "@topline/core/memory";
import { type FaultCall, portFaults, sameCall } from "@topline/local-harness/faults";
import { describe, expect, test } from "vitest";
import { GENRE_KPIS, genreRow } from "../src/contracts/kpi-store/tables.ts";

const bytes = (content: string) => new TextEncoder().encode(content);
const read = ({ body }: FetchedObject) => text(body);

function world() {
  const clock = virtualClock();
  const ledger = memoryRunLedger({ clock });
  const outer = {
    ledger,
    store: memoryObjectStore({ clock }),
    zone: memoryZone(),
    kpis: memoryKpiStore({ ledger }),
  };
  const faults = portFaults({ clock });
  return { clock, outer, faults, ...faults.process("worker", outer) };
}

const UNAVAILABLE = { code: "STORE_UNAVAILABLE", isRetryable: true };

test("every call is recorded with what it is about, in order, and does what it does", async () => {
  const { faults, store, zone, kpis, ledger } = world();
  const lease = await ledger.acquire("me", 30);
  await store.put("a/1", bytes("x"));
  await store.copy("a/1", "a/2");
  expect((await Array.fromAsync(store.list("a/"))).map(({ key }) => key)).toEqual(["a/1", "a/2"]);
  expect(await read(await store.get("a/2"))).toBe("x");
  await zone.snapshot("streams");
  await kpis.publish(GENRE_KPIS, "2024-06-25", [genreRow("2024-06-25", "pop")], lease);
  await ledger.open("r1", lease);
  await ledger.verify(lease);
  await ledger.verify(lease);
  expect(
    faults.calls.map(({ n, role, service, action, resource, occurrence }) => [
      n,
      `${role}: ${service}.${action} ${resource}`,
      occurrence,
    ]),
  ).toEqual([
    [1, "worker: ledger.acquire lease", 1],
    [2, "worker: store.put a/1", 1],
    [3, "worker: store.copy a/1 -> a/2", 1],
    [4, "worker: store.list a/", 1],
    [5, "worker: store.get a/2", 1],
    [6, "worker: zone.snapshot streams", 1],
    [7, "worker: kpis.publish GENRE_KPIS 2024-06-25", 1],
    [8, "worker: ledger.open r1", 1],
    [9, "worker: ledger.verify lease", 1],
    [10, "worker: ledger.verify lease", 2],
  ]);
});

describe("a call that fails", () => {
  test("before its effect has none; the next one is let through", async () => {
    const { faults, store } = world();
    const injection = faults.inject({ on: 1, fault: { kind: "fail", moment: "before" } });
    await expect(store.put("a", bytes("x"))).rejects.toMatchObject(UNAVAILABLE);
    expect(await store.head("a")).toBeUndefined();
    await store.put("a", bytes("x"));
    expect(injection.hits).toHaveLength(1);
  });

  test("after its effect has it, and its answer is lost", async () => {
    const { faults, store } = world();
    faults.inject({ on: 1, fault: { kind: "fail", moment: "after" } });
    await expect(store.put("a", bytes("x"))).rejects.toMatchObject(UNAVAILABLE);
    expect(await read(await store.get("a"))).toBe("x");
  });

  test("loses the answer also where that is a refusal", async () => {
    const { faults, store } = world();
    const fault = { kind: "fail", moment: "after" } as const;
    faults.inject({ on: 1, fault });
    await expect(store.get("a")).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.get("a")).rejects.toMatchObject({ code: "OBJECT_NOT_FOUND" });
  });

  test("fails with the error that it was given, as often as it was told, where it is meant", async () => {
    const { faults, store } = world();
    const slow = (call: FaultCall) => new Error(`slow: ${call.resource}`);
    const injection = faults.inject({
      on: ({ action, resource }) => action === "head" && resource.startsWith("b/"),
      fault: { kind: "fail", moment: "before", error: slow },
      times: 2,
    });
    expect(await store.head("a/1")).toBeUndefined();
    await expect(store.head("b/1")).rejects.toThrow("slow: b/1");
    await expect(store.head("b/2")).rejects.toThrow("slow: b/2");
    expect(await store.head("b/3")).toBeUndefined();
    expect(injection.hits.map(({ n }) => n)).toEqual([2, 3]);
    expect(await injection.reached).toMatchObject({ resource: "b/1" });
  });

  test("for ever, until the fault is removed", async () => {
    const { faults, store } = world();
    const injection = faults.inject({
      on: ({ n }) => n >= 2,
      fault: { kind: "fail", moment: "before" },
      times: Number.POSITIVE_INFINITY,
    });
    await store.head("a");
    for (let i = 0; i < 3; i++) await expect(store.head("a")).rejects.toMatchObject(UNAVAILABLE);
    injection.remove();
    await store.head("a");
    expect(injection.hits).toHaveLength(3);
  });

  test.each(["before", "after"] as const)("%s a listing fails where it is read", async (moment) => {
    const { faults, outer, store } = world();
    for (const key of ["a/1", "a/2"]) await outer.store.put(key, bytes("x"));
    faults.inject({ on: 1, fault: { kind: "fail", moment } });
    const seen: string[] = [];
    const listing = (async () => {
      for await (const { key } of store.list("a/")) seen.push(key);
    })();
    await expect(listing).rejects.toMatchObject(UNAVAILABLE);
    expect(seen).toEqual(moment === "before" ? [] : ["a/1", "a/2"]);
  });
});

describe("a crash", () => {
  test.each(["before", "after"] as const)(
    "just %s a call is the end of all that the process does, and of nothing else",
    async (moment) => {
      const { faults, outer, store, ledger } = world();
      const lease = await ledger.acquire("me", 30);
      faults.inject({ on: 2, fault: { kind: "crash", moment } });
      await expect(store.put("a", bytes("x"))).rejects.toThrow("worker has crashed");
      expect((await outer.store.head("a")) !== undefined).toBe(moment === "after");

      await expect(ledger.release(lease)).rejects.toThrow("worker has crashed");
      await expect(store.put("b", bytes("x"))).rejects.toThrow("worker has crashed");
      await expect(Array.fromAsync(store.list(""))).rejects.toThrow("worker has crashed");
      expect(await outer.ledger.holder()).toMatchObject({ holder: "me" });
      expect(await outer.store.head("b")).toBeUndefined();
      expect(faults.calls).toHaveLength(2);

      const next = faults.process("next", outer);
      await next.store.put("b", bytes("x"));
      expect(faults.calls.at(-1)).toMatchObject({ n: 3, role: "next", occurrence: 1 });
    },
  );

  test("leaves what was still being put, read, or decided undone", async () => {
    const { faults, outer, store, zone } = world();
    await outer.store.put("old", bytes("abc"));
    const { body } = await store.get("old");
    const crash = () => store.delete("nothing");
    faults.inject({
      on: ({ action }) => action === "delete",
      fault: { kind: "crash", moment: "before" },
    });
    const put = store.put(
      "new",
      (async function* () {
        yield bytes("x");
        await expect(crash()).rejects.toThrow("worker has crashed");
        yield bytes("y");
      })(),
    );
    await expect(put).rejects.toThrow("worker has crashed");
    expect(await outer.store.head("new")).toBeUndefined();
    await expect(text(body)).rejects.toThrow("worker has crashed");

    const again = faults.process("again", outer);
    faults.inject({
      on: ({ role, action }) => role === "again" && action === "head",
      fault: { kind: "crash", moment: "before" },
    });
    const info = { runId: "r", operation: "append", engine: "e", planHash: "p", timestamp: 0 };
    const commit = again.zone.commit("streams", {
      info,
      fence: 1n,
      since: -1,
      decide: async () => {
        await again.store.head("x").catch(() => {});
        return { add: [], remove: [], dataChange: true };
      },
    });
    await expect(commit).rejects.toThrow("again has crashed");
    expect((await outer.zone.snapshot("streams")).version).toBe(-1);
    await expect(zone.snapshot("streams")).rejects.toThrow("worker has crashed");
  });
});

test("a delay is on the clock that tests own", async () => {
  const { clock, faults, store } = world();
  faults.inject({ on: 1, fault: { kind: "delay", ms: 5_000 } });
  let isThere = false;
  const put = store.put("a", bytes("x")).then(() => (isThere = true));
  await expect.poll(() => clock.sleepers).toBe(1);
  clock.advance(4_999);
  await Promise.resolve();
  expect(isThere).toBe(false);
  clock.advance(1);
  await put;
});

test("a call that is held waits at its moment until it is let go", async () => {
  const { faults, outer, store } = world();
  const { promise: until, resolve: letGo } = Promise.withResolvers<void>();
  const injection = faults.inject({ on: 1, fault: { kind: "hold", moment: "after", until } });
  const put = store.put("a", bytes("x"));
  await injection.reached;
  await expect.poll(() => outer.store.head("a")).toBeDefined();
  letGo();
  await put;
});

describe("a body", () => {
  test("breaks in the middle", async () => {
    const { faults, outer, store } = world();
    await outer.store.put("a", bytes("abcdef"));
    faults.inject({ on: 1, fault: { kind: "break-body", after: 3 } });
    const { body, size } = await store.get("a");
    expect(size).toBe(6);
    const seen: number[] = [];
    const reading = (async () => {
      for await (const chunk of body) seen.push(...chunk);
    })();
    await expect(reading).rejects.toMatchObject(UNAVAILABLE);
    expect(String.fromCharCode(...seen)).toBe("abc");
  });

  test("comes with one byte that is another", async () => {
    const { faults, outer, store } = world();
    await outer.store.put("a", bytes("abcdef"));
    faults.inject({ on: 1, fault: { kind: "corrupt-body", at: 4 } });
    const { body } = await store.get("a");
    const found = (await Array.fromAsync(body)).flatMap((chunk) => Array.from(chunk));
    expect(found).toEqual([...bytes("abcd"), "e".charCodeAt(0) ^ 0xff, "f".charCodeAt(0)]);
    expect(await read(await store.get("a"))).toBe("abcdef");
  });
});

test("a call is found again where others run beside it in another order", async () => {
  const pass = async (keys: readonly string[]) => {
    const { faults, store } = world();
    const target = {
      role: "worker",
      service: "store",
      action: "head",
      resource: "b",
      occurrence: 2,
    };
    const injection = faults.inject({
      on: sameCall(target),
      fault: { kind: "fail", moment: "before" },
    });
    const outcomes = await Promise.allSettled(keys.map((key) => store.head(key)));
    return [injection.hits.length, outcomes.map(({ status }) => status)];
  };
  expect(await pass(["a", "b", "b"])).toEqual([1, ["fulfilled", "fulfilled", "rejected"]]);
  expect(await pass(["b", "b", "a"])).toEqual([1, ["fulfilled", "rejected", "fulfilled"]]);
});

test("a result comes through as it is", async () => {
  const { ledger, kpis } = world();
  const lease = await ledger.acquire("me", 30);
  const counts: PublishCounts = await kpis.publish(GENRE_KPIS, "2024-06-25", [], lease);
  expect(counts).toEqual({ put: 0, deleted: 0, unchanged: 0 });
});
