import { mapConcurrently } from "@topline/core";
import { expect } from "vitest";
import type { ZoneTest } from "./zone-test.ts";
import { commit, file, request } from "./requests.ts";

export function describeRaces(zoneTest: ZoneTest): void {
  zoneTest(
    "decides again after a lost race, on what the winner left",
    async ({ zone, another }) => {
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
    },
  );

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
    const stems = Array.from({ length: 8 }, (_, at) => `f${String(at).padStart(2, "0")}`);
    const versions = await mapConcurrently(stems, stems.length, (stem) => {
      const view = views[stems.indexOf(stem) % views.length] ?? zone;
      return commit(view, "streams", { runId: stem, add: [file(stem)] });
    });
    expect(versions.toSorted((a, b) => a - b)).toEqual(stems.map((_, at) => at));
    const { files } = await another().snapshot("streams");
    expect(files.map(({ path }) => path).sort()).toEqual(stems.map((stem) => file(stem).path));
    const found = await zone.commits("streams", -1, stems.length - 1);
    expect(found.map(({ info }) => info?.runId ?? "").sort()).toEqual(stems);
  });
}
