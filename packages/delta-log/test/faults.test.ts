import { mapConcurrently, ToplineError } from "@topline/core";
import { memoryObjectStore } from "@topline/core/memory";
import { deltaZone } from "@topline/delta-log";
import { describe, expect, test } from "vitest";
import { faultyStore, type PutFault } from "./faulty-store.ts";
import { commitTo, fileOf, logKey, pathsOf, readLines, request } from "./zone-fixture.ts";

describe("a put without a clear answer", () => {
  test.each<PutFault>(["answer lost", "own found"])(
    "(%s) has committed when the entry is there, and is not repeated",
    async (fault) => {
      const faults: PutFault[] = [fault];
      const store = faultyStore(memoryObjectStore(), () => faults.shift());
      const zone = deltaZone({ store });
      expect(await commitTo(zone, { add: [fileOf("a")] })).toBe(0);
      expect((await zone.snapshot("streams")).version).toBe(0);
    },
  );

  test("is STORE_UNAVAILABLE when the entry is not there, and nothing was committed", async () => {
    const faults: PutFault[] = ["not put"];
    const zone = deltaZone({ store: faultyStore(memoryObjectStore(), () => faults.shift()) });
    const commit = commitTo(zone, { add: [fileOf("a")] });
    await expect(commit).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", isRetryable: true });
    expect((await zone.snapshot("streams")).version).toBe(-1);
    expect(await commitTo(zone, { add: [fileOf("a")] })).toBe(0);
  });

  test("is a lost race when somebody else's entry is there", async () => {
    const inner = memoryObjectStore();
    const rival = deltaZone({ store: inner });
    const faults: PutFault[] = ["not put"];
    const zone = deltaZone({ store: faultyStore(inner, () => faults.shift()) });
    let decisions = 0;
    const version = await zone.commit("streams", {
      ...request({}),
      async decide({ version }) {
        decisions += 1;
        if (version === -1) await commitTo(rival, { add: [fileOf("rival")] });
        return { add: [fileOf("mine")], remove: [], dataChange: true };
      },
    });
    expect([version, decisions]).toEqual([1, 2]);
    expect(pathsOf((await rival.snapshot("streams")).files)).toEqual(
      pathsOf([fileOf("mine"), fileOf("rival")]),
    );
  });

  test("of two rivals who differ by their token alone belongs to one of them", async () => {
    const store = memoryObjectStore();
    const same = { runId: "r", add: [] };
    const versions = await mapConcurrently([1n, 2n, 3n], 3, (fence) =>
      commitTo(deltaZone({ store }), { ...same, fence }).catch((error: unknown) => error),
    );
    const committed = versions.filter((version) => typeof version === "number");
    const { version } = await deltaZone({ store }).snapshot("streams");
    expect(committed.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: version + 1 }, (_, at) => at),
    );
    for (const lost of versions.filter((version) => typeof version !== "number")) {
      expect(lost).toMatchObject({ code: "LEASE_LOST" });
    }
  });
});

test("a store that only ever says that the entry exists ends in a fault, not in a loop", async () => {
  const put = async () => {
    throw new ToplineError("OBJECT_EXISTS", "There is such an object already.");
  };
  const zone = deltaZone({ store: { ...memoryObjectStore(), put } });
  await expect(commitTo(zone, {})).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});

describe("what was read once", () => {
  test("is not read again, and what is new is", async () => {
    const inner = memoryObjectStore();
    const writer = deltaZone({ store: inner });
    for (const stem of ["a", "b", "c"]) await commitTo(writer, { add: [fileOf(stem)] });
    const store = faultyStore(inner);
    const reader = deltaZone({ store });
    await reader.snapshot("streams");
    await commitTo(writer, { add: [fileOf("d")] });
    store.calls.length = 0;
    expect((await reader.snapshot("streams")).files).toHaveLength(4);
    expect(await reader.commits("streams", 0, 3)).toHaveLength(3);
    const gets = store.calls.filter((call) => call.startsWith("get"));
    expect(gets).toEqual([`get ${logKey(3)}`]);
  });

  test("is read again when the table was made anew", async () => {
    const store = memoryObjectStore();
    const reader = deltaZone({ store });
    await commitTo(reader, { add: [fileOf("a")] });
    expect(pathsOf((await reader.snapshot("streams")).files)).toEqual([fileOf("a").path]);
    await store.delete(logKey(0));
    await commitTo(deltaZone({ store }), { add: [fileOf("b")] });
    expect(pathsOf((await reader.snapshot("streams")).files)).toEqual([fileOf("b").path]);
  });

  test("and never changed cannot be harmed by a caller", async () => {
    const zone = deltaZone({ store: memoryObjectStore() });
    await commitTo(zone, { add: [fileOf("a")] });
    const { files } = await zone.snapshot("streams");
    (files as unknown[]).length = 0;
    expect((await zone.snapshot("streams")).files).toHaveLength(1);
  });
});

test("many entries are read at once, at most sixteen", async () => {
  const inner = memoryObjectStore();
  const writer = deltaZone({ store: inner });
  for (let at = 0; at < 40; at++) await commitTo(writer, { add: [fileOf(`f${at}`)] });
  let under = 0;
  let most = 0;
  const store = {
    ...inner,
    async get(key: string) {
      most = Math.max(most, ++under);
      await new Promise((resolve) => setImmediate(resolve));
      under -= 1;
      return inner.get(key);
    },
  };
  expect((await deltaZone({ store }).snapshot("streams")).files).toHaveLength(40);
  expect(most).toBe(16);
  expect(await readLines(inner, logKey(39))).toHaveLength(3);
});
