import {
  type CommitRequest,
  type DataFile,
  type Dataset,
  mapConcurrently,
  type Zone,
  type ZoneActions,
} from "@topline/core";
import { describe, expect, test } from "vitest";

/** A zone without tables, for one test. */
export interface OpenZone extends AsyncDisposable {
  readonly zone: Zone;
  /** A second process's view over the same state: nothing that the first keeps in memory is known to it. */
  another(): Zone;
}

export interface ZoneBackend {
  open(): Promise<OpenZone>;
}

/** Registers the tests of the `Zone` port. */
export function describeZone(name: string, backend: ZoneBackend): void {
  const zoneTest = (behaviour: string, check: (open: OpenZone) => Promise<void>) =>
    test(behaviour, async () => {
      await using open = await backend.open();
      await check(open);
    });
  describe(`zone: ${name}`, () => {
    describe("snapshot", () => describeSnapshot(zoneTest));
    describe("commits", () => describeCommits(zoneTest));
    describe("commit", () => describeCommit(zoneTest));
    describe("commit among others", () => describeRaces(zoneTest));
  });
}

type ZoneTest = (behaviour: string, check: (open: OpenZone) => Promise<void>) => void;

function describeSnapshot(zoneTest: ZoneTest): void {
  zoneTest("of a table that does not exist has version -1 and nothing in it", async ({ zone }) => {
    const nothing = { table: "streams", version: -1, files: [], fence: 0n };
    expect(await zone.snapshot("streams")).toEqual(nothing);
    expect(await zone.snapshot("streams", -1)).toEqual(nothing);
  });

  zoneTest("shows every live file as it was added", async ({ zone, another }) => {
    await commit(zone, "streams", { add: oddFiles });
    expect(sorted((await zone.snapshot("streams")).files)).toEqual(sorted(oddFiles));
    expect(sorted((await another().snapshot("streams")).files)).toEqual(sorted(oddFiles));
  });

  zoneTest("shows the table as it was at each version", async ({ zone, another }) => {
    const [a, b, c] = [file("a"), file("b"), file("c")];
    await commit(zone, "streams", { add: [a, b] });
    await commit(zone, "streams", { remove: [a], add: [c] });
    await commit(zone, "streams", { remove: [b, c] });
    for (const view of [zone, another()]) {
      const shown = async (version: number) =>
        (await view.snapshot("streams", version)).files.map((live) => live.path).sort();
      expect(await shown(-1)).toEqual([]);
      expect(await shown(0)).toEqual([a.path, b.path]);
      expect(await shown(1)).toEqual([b.path, c.path]);
      expect(await shown(2)).toEqual([]);
    }
  });

  zoneTest("knows the greatest token at each version", async ({ zone }) => {
    await commit(zone, "songs", { fence: 1_719_360_000_000n });
    await commit(zone, "songs", { fence: 1_719_360_000_007n });
    expect((await zone.snapshot("songs", -1)).fence).toBe(0n);
    expect((await zone.snapshot("songs", 0)).fence).toBe(1_719_360_000_000n);
    expect((await zone.snapshot("songs")).fence).toBe(1_719_360_000_007n);
  });

  zoneTest("of one table shows nothing of the others", async ({ zone }) => {
    await commit(zone, "songs", { add: [file("a", {})], fence: 9n });
    expect(await zone.snapshot("users")).toEqual(
      expect.objectContaining({ version: -1, files: [], fence: 0n }),
    );
    await commit(zone, "users", { add: [file("a", {})], fence: 1n });
    expect((await zone.snapshot("users")).version).toBe(0);
  });

  zoneTest("of a version that was never committed is VERSION_UNREADABLE", async ({ zone }) => {
    await expect(zone.snapshot("streams", 0)).rejects.toMatchObject(unreadable);
    await commit(zone, "streams", {});
    await expect(zone.snapshot("streams", 1)).rejects.toMatchObject(unreadable);
    await expect(zone.snapshot("streams", -2)).rejects.toMatchObject(unreadable);
  });
}

function describeCommits(zoneTest: ZoneTest): void {
  zoneTest("tells what each commit did and who did it, oldest first", async ({ zone, another }) => {
    const [a, b, c] = [file("a"), file("b"), file("c", { date: null })];
    await commit(zone, "streams", { runId: "r0", add: [a] });
    await commit(zone, "streams", { runId: "r1", operation: "replay", remove: [a], add: [b, c] });
    for (const view of [zone, another()]) {
      expect(await view.commits("streams", -1, 1)).toEqual([
        { version: 0, info: infoOf("r0"), added: [a], removed: [], dataChange: true },
        {
          version: 1,
          info: { ...infoOf("r1"), operation: "replay" },
          added: [b, c],
          removed: [a],
          dataChange: true,
        },
      ]);
    }
  });

  zoneTest("begins after the first version and ends with the last", async ({ zone }) => {
    for (const stem of ["a", "b", "c", "d"]) await commit(zone, "streams", { add: [file(stem)] });
    const versions = async (from: number, to: number) =>
      (await zone.commits("streams", from, to)).map(({ version }) => version);
    expect(await versions(-1, 3)).toEqual([0, 1, 2, 3]);
    expect(await versions(0, 2)).toEqual([1, 2]);
    expect(await versions(2, 2)).toEqual([]);
    expect(await versions(-1, -1)).toEqual([]);
  });

  zoneTest("tells a commit that left the rows as they were", async ({ zone }) => {
    const [a, b, both] = [file("a"), file("b"), file("both")];
    await commit(zone, "streams", { add: [a, b] });
    await commit(zone, "streams", { remove: [a, b], add: [both], dataChange: false });
    const found = await zone.commits("streams", -1, 1);
    expect(found.map(({ dataChange }) => dataChange)).toEqual([true, false]);
    expect(sorted(found[1]?.removed ?? [])).toEqual([a, b]);
  });

  zoneTest("beyond what was committed are VERSION_UNREADABLE", async ({ zone }) => {
    await expect(zone.commits("streams", -1, 0)).rejects.toMatchObject(unreadable);
    await commit(zone, "streams", {});
    await expect(zone.commits("streams", -1, 1)).rejects.toMatchObject(unreadable);
    await expect(zone.commits("streams", -2, 0)).rejects.toMatchObject(unreadable);
    await expect(zone.commits("streams", 5, 0)).rejects.toMatchObject(unreadable);
  });
}

function describeCommit(zoneTest: ZoneTest): void {
  zoneTest("returns its version, the first being 0", async ({ zone, another }) => {
    expect(await commit(zone, "streams", { add: [file("a")] })).toBe(0);
    expect(await commit(another(), "streams", { add: [file("b")] })).toBe(1);
    expect(await commit(zone, "streams", {})).toBe(2);
    expect(await commit(zone, "songs", {})).toBe(0);
  });

  zoneTest("of nothing returns the newest version and adds none", async ({ zone }) => {
    const nothing = { ...request({}), decide: () => undefined };
    expect(await zone.commit("streams", nothing)).toBe(-1);
    await commit(zone, "streams", { add: [file("a")] });
    expect(await zone.commit("streams", nothing)).toBe(0);
    expect((await zone.snapshot("streams")).version).toBe(0);
  });

  zoneTest("decides on the newest state and on what came since", async ({ zone, another }) => {
    for (const stem of ["a", "b", "c"]) {
      await commit(zone, "streams", { runId: `run-${stem}`, add: [file(stem)], fence: 4n });
    }
    let seen: unknown;
    await another().commit("streams", {
      ...request({ fence: 4n, since: 0 }),
      decide(latest, commits) {
        const paths = latest.files.map(({ path }) => path).sort();
        const runs = commits.map(({ version, info }) => [version, info?.runId]);
        seen = { version: latest.version, fence: latest.fence, paths, runs };
        return undefined;
      },
    });
    expect(seen).toEqual({
      version: 2,
      fence: 4n,
      paths: [file("a"), file("b"), file("c")].map(({ path }) => path),
      runs: [
        [1, "run-b"],
        [2, "run-c"],
      ],
    });
  });

  zoneTest("waits for a decision that takes time", async ({ zone }) => {
    const decide = async (): Promise<ZoneActions> => {
      await zone.snapshot("songs");
      return { add: [file("a")], remove: [], dataChange: true };
    };
    expect(await zone.commit("streams", { ...request({}), decide })).toBe(0);
    expect((await zone.snapshot("streams")).files).toEqual([file("a")]);
  });

  zoneTest("whose decision throws commits nothing", async ({ zone }) => {
    const decide = () => {
      throw new RangeError("no");
    };
    await expect(zone.commit("streams", { ...request({}), decide })).rejects.toThrow(RangeError);
    expect((await zone.snapshot("streams")).version).toBe(-1);
  });

  zoneTest("since a version that was never committed is VERSION_UNREADABLE", async ({ zone }) => {
    await commit(zone, "streams", {});
    const asked = zone.commit("streams", request({ since: 1 }));
    await expect(asked).rejects.toMatchObject(unreadable);
    await expect(zone.commit("streams", request({ since: -2 }))).rejects.toMatchObject(unreadable);
    expect((await zone.snapshot("streams")).version).toBe(0);
  });

  zoneTest("under an older token is LEASE_LOST and is not even decided", async ({ zone }) => {
    await commit(zone, "streams", { fence: 8n });
    let decisions = 0;
    const late = zone.commit("streams", {
      ...request({ fence: 7n }),
      decide() {
        decisions += 1;
        return undefined;
      },
    });
    await expect(late).rejects.toMatchObject({ code: "LEASE_LOST", isRetryable: true });
    expect(decisions).toBe(0);
    expect(await commit(zone, "streams", { fence: 8n })).toBe(1);
    expect(await commit(zone, "streams", { fence: 9n })).toBe(2);
  });
}

function describeRaces(zoneTest: ZoneTest): void {
  zoneTest("decides again after a lost race, on what the winner left", async (open) => {
    const { zone, another } = open;
    const seen: string[][] = [];
    const version = await zone.commit("streams", {
      ...request({ runId: "loser" }),
      async decide(latest, commits) {
        seen.push(commits.map(({ info }) => info?.runId ?? ""));
        if (seen.length === 1) {
          await commit(another(), "streams", { runId: "winner", add: [file("w")] });
        }
        return { add: [file(`l${latest.version + 1}`)], remove: [], dataChange: true };
      },
    });
    expect(version).toBe(1);
    expect(seen).toEqual([[], ["winner"]]);
    const paths = (await zone.snapshot("streams")).files.map(({ path }) => path).sort();
    expect(paths).toEqual([file("l1").path, file("w").path]);
  });

  zoneTest("gives way when the winner's token is greater", async ({ zone, another }) => {
    let decisions = 0;
    const paused = zone.commit("streams", {
      ...request({ fence: 3n }),
      async decide() {
        decisions += 1;
        await commit(another(), "streams", { fence: 4n, add: [file("w")] });
        return { add: [file("l")], remove: [], dataChange: true };
      },
    });
    await expect(paused).rejects.toMatchObject({ code: "LEASE_LOST" });
    expect(decisions).toBe(1);
    expect((await zone.snapshot("streams")).files).toEqual([file("w")]);
  });

  zoneTest("loses none of many at once", async ({ zone, another }) => {
    const views = [zone, another(), another()];
    const stems = Array.from({ length: 12 }, (_, at) => `f${String(at).padStart(2, "0")}`);
    const versions = await mapConcurrently(stems, stems.length, (stem) => {
      const view = views[stems.indexOf(stem) % views.length] ?? zone;
      return commit(view, "streams", { runId: stem, add: [file(stem)] });
    });
    expect(versions.toSorted((a, b) => a - b)).toEqual(stems.map((_, at) => at));
    const { files } = await another().snapshot("streams");
    expect(files.map(({ path }) => path).sort()).toEqual(stems.map((stem) => file(stem).path));
    const found = await zone.commits("streams", -1, stems.length - 1);
    expect(found.map(({ info }) => info?.runId).sort()).toEqual(stems);
  });
}

const unreadable = { name: "ToplineError", code: "VERSION_UNREADABLE" };

const infoOf = (runId: string) => ({
  runId,
  operation: "append",
  engine: "contract 1.0",
  planHash: "0f".repeat(32),
  timestamp: 1_719_360_000_000,
});

function file(stem: string, partition: DataFile["partition"] = { date: "2024-06-25" }): DataFile {
  return {
    path: `date=2024-06-25/${stem}.parquet`,
    size: 1_000,
    modificationTime: 1_719_360_000_123,
    partition,
    records: 3n,
  };
}

/** Everything that a key may spell and a log must encode, and partitions and numbers at their edges. */
const oddFiles: readonly DataFile[] = [
  { ...file("a"), path: "date=2024-06-25/r1 é+%25&=#?:;,@.parquet", records: 0n },
  { ...file("b"), path: "date=__HIVE_DEFAULT_PARTITION__/b.parquet", partition: { date: null } },
  { ...file("c"), path: "日本.parquet", size: 5_497_558_138_880, records: 9_007_199_254_740_991n },
];

interface Wanted extends Partial<ZoneActions> {
  readonly runId?: string;
  readonly operation?: string;
  readonly fence?: bigint;
  readonly since?: number;
}

function request({ runId = "r", fence = 1n, since = -1, ...wanted }: Wanted): CommitRequest {
  const { operation = "append", add = [], remove = [], dataChange = true } = wanted;
  const info = { ...infoOf(runId), operation };
  return { info, fence, since, decide: () => ({ add, remove, dataChange }) };
}

const commit = (zone: Zone, table: Dataset, wanted: Wanted) => zone.commit(table, request(wanted));

const sorted = (files: readonly DataFile[]) =>
  files.toSorted((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
