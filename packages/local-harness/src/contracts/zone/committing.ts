import type { ZoneActions } from "@topline/core";
import { expect } from "vitest";
import type { ZoneTest } from "./zone-test.ts";
import { commit, file, request, unreadable } from "./requests.ts";

export function describeCommit(zoneTest: ZoneTest): void {
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
