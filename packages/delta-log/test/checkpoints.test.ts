import type { ObjectStore } from "@topline/core";
import { memoryObjectStore } from "@topline/core/memory";
import { type CheckpointCodec, deltaZone } from "@topline/delta-log";
import { describe, expect, test } from "vitest";
import { faultyStore } from "./faulty-store.ts";
import { jsonCodec as plainCodec } from "./json-codec.ts";
import {
  commitTo,
  fileOf,
  foreignAdd,
  foreignCreation,
  foreignRemove,
  logKey,
  pathsOf,
  putLines,
  request,
  TIME,
} from "./zone-fixture.ts";

/** Longs of some codecs are bigints. */
const jsonCodec: CheckpointCodec = {
  ...plainCodec,
  async *read(body) {
    for await (const row of plainCodec.read(body)) {
      yield JSON.parse(JSON.stringify(row), (key, value: unknown) =>
        (key === "size" || key === "version") && value !== null ? BigInt(value as number) : value,
      ) as unknown;
    }
  },
};

/** Rows of a checkpoint: every column that a row does not use is null. */
const checkpointRows = (actions: readonly object[]) =>
  actions.map((action) => ({
    txn: null,
    add: null,
    remove: null,
    metaData: null,
    protocol: null,
    ...action,
  }));

/** Versions 0 to 6: one file each, `f0` removed by the third; the first entries cleaned up behind version 3. */
async function cleanedStore(): Promise<ObjectStore> {
  const store = memoryObjectStore();
  const rows = checkpointRows([
    ...(foreignCreation().slice(1) as object[]),
    { txn: { appId: "topline", version: 44, lastUpdated: null } },
    { txn: { appId: "other", version: 99, lastUpdated: TIME } },
    foreignAdd("f1.parquet", { dataChange: false }),
    foreignAdd("f2.parquet", { dataChange: false }),
    foreignAdd("f3.parquet", { dataChange: false }),
    foreignRemove("f0.parquet", { dataChange: false }),
  ]);
  await putLines(store, logKey(3, ".checkpoint.parquet"), rows);
  for (const version of [3, 4, 5, 6]) {
    await putLines(store, logKey(version), [foreignAdd(`f${version}.parquet`)]);
  }
  return store;
}

const files = (...numbers: number[]) => numbers.map((number) => `f${number}.parquet`);

describe("a log that was cleaned up behind a checkpoint", () => {
  test("is read from the checkpoint on", async () => {
    const zone = deltaZone({ store: await cleanedStore(), checkpoints: jsonCodec });
    const newest = await zone.snapshot("streams");
    expect([newest.version, newest.fence]).toEqual([6, 44n]);
    expect(pathsOf(newest.files)).toEqual(files(1, 2, 3, 4, 5, 6));
    expect(newest.files.find(({ path }) => path === "f1.parquet")).toEqual({
      path: "f1.parquet",
      size: 7,
      modificationTime: TIME,
      partition: { date: "2024-06-25" },
      records: 5n,
    });
    expect(pathsOf((await zone.snapshot("streams", 3)).files)).toEqual(files(1, 2, 3));
    expect(pathsOf((await zone.snapshot("streams", 4)).files)).toEqual(files(1, 2, 3, 4));
    expect((await zone.snapshot("streams", -1)).files).toEqual([]);
  });

  test("tells the commits after the checkpoint", async () => {
    const zone = deltaZone({ store: await cleanedStore(), checkpoints: jsonCodec });
    const commits = await zone.commits("streams", 3, 6);
    expect(commits.map(({ version }) => version)).toEqual([4, 5, 6]);
    expect(commits.flatMap(({ added }) => pathsOf(added))).toEqual(files(4, 5, 6));
  });

  test("no longer tells what came before", async () => {
    const zone = deltaZone({ store: await cleanedStore(), checkpoints: jsonCodec });
    const unreadable = {
      code: "VERSION_UNREADABLE",
      message: expect.stringContaining("begins at entry 3") as string,
    };
    await expect(zone.snapshot("streams", 2)).rejects.toMatchObject(unreadable);
    await expect(zone.commits("streams", 2, 6)).rejects.toMatchObject(unreadable);
    const late = zone.commit("streams", request({ fence: 50n, since: 2 }));
    await expect(late).rejects.toMatchObject(unreadable);
  });

  test("takes commits, under the fence and the names that the checkpoint holds", async () => {
    const zone = deltaZone({ store: await cleanedStore(), checkpoints: jsonCodec });
    const wanted = { since: 6, add: [fileOf("a")] };
    await expect(commitTo(zone, { ...wanted, fence: 43n })).rejects.toMatchObject({
      code: "LEASE_LOST",
    });
    const again = { since: 6, fence: 44n, add: [{ ...fileOf("f0"), path: "f0.parquet" }] };
    await expect(commitTo(zone, again)).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await commitTo(zone, { ...wanted, fence: 44n })).toBe(7);
  });

  test("without a codec says what to inject", async () => {
    const zone = deltaZone({ store: await cleanedStore() });
    await expect(zone.snapshot("streams")).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(
        /begins at entry 3.*0{19}3\.checkpoint\.parquet.*deltaZone\(\{ store, checkpoints \}\)/,
      ) as string,
    });
  });

  test("and has lost the checkpoint cannot be read", async () => {
    const store = await cleanedStore();
    await store.delete(logKey(3, ".checkpoint.parquet"));
    const zone = deltaZone({ store, checkpoints: jsonCodec });
    await expect(zone.snapshot("streams")).rejects.toMatchObject({ code: "VERSION_UNREADABLE" });
  });

  test("down to the checkpoint alone is at its version", async () => {
    const store = await cleanedStore();
    for (const version of [3, 4, 5, 6]) await store.delete(logKey(version));
    const zone = deltaZone({ store, checkpoints: jsonCodec });
    expect(pathsOf((await zone.snapshot("streams")).files)).toEqual(files(1, 2, 3));
    expect(await commitTo(zone, { since: 3, fence: 44n, add: [fileOf("a")] })).toBe(4);
    expect((await zone.snapshot("streams")).files).toHaveLength(4);
  });
});

test("a log that is whole needs no codec, whatever checkpoints lie in it", async () => {
  const store = memoryObjectStore();
  const zone = deltaZone({ store });
  for (const stem of ["a", "b", "c"]) await commitTo(zone, { add: [fileOf(stem)] });
  await store.put(logKey(1, ".checkpoint.parquet"), new TextEncoder().encode("PAR1"));
  expect((await zone.snapshot("streams")).files).toHaveLength(3);
});

test("a log that is whole is read from its newest checkpoint where there is a codec", async () => {
  const inner = memoryObjectStore();
  for (let version = 0; version < 6; version++) {
    const creation = version === 0 ? foreignCreation() : [];
    await putLines(inner, logKey(version), [...creation, foreignAdd(`f${version}.parquet`)]);
  }
  for (const version of [1, 3]) {
    const added = files(...Array.from({ length: version + 1 }, (_, at) => at));
    const rows = [...foreignCreation().slice(1), ...added.map((path) => foreignAdd(path))];
    await putLines(inner, logKey(version, ".checkpoint.parquet"), rows);
  }
  const store = faultyStore(inner);
  const zone = deltaZone({ store, checkpoints: jsonCodec });
  expect(pathsOf((await zone.snapshot("streams")).files)).toEqual(files(0, 1, 2, 3, 4, 5));
  const gets = store.calls.filter((call) => call.startsWith("get")).sort();
  expect(gets).toEqual([
    `get ${logKey(3, ".checkpoint.parquet")}`,
    `get ${logKey(4)}`,
    `get ${logKey(5)}`,
  ]);
});

test("a checkpoint that is no checkpoint is STATE_CORRUPT, by its key", async () => {
  const store = await cleanedStore();
  await putLines(store, logKey(3, ".checkpoint.parquet"), [{ add: { path: 3 } }]);
  const zone = deltaZone({ store, checkpoints: jsonCodec });
  await expect(zone.snapshot("streams")).rejects.toMatchObject({
    code: "STATE_CORRUPT",
    message: expect.stringContaining(logKey(3, ".checkpoint.parquet")) as string,
  });
});
