import { expect } from "vitest";
import type { ZoneTest } from "./zone-test.ts";
import { commit, file, infoOf, sorted, unreadable } from "./requests.ts";

export function describeCommits(zoneTest: ZoneTest): void {
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
