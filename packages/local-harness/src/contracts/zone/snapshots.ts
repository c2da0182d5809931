import { expect } from "vitest";
import type { ZoneTest } from "./zone-test.ts";
import { commit, file, oddFiles, sorted, unreadable } from "./requests.ts";

export function describeSnapshot(zoneTest: ZoneTest): void {
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
