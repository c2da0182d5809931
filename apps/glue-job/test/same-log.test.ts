import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import {
  mapConcurrently,
  type ObjectStore,
  type Zone,
  zoneFolder,
} from "../../../packages/core/src/index.ts";
import { deltaZone } from "../../../packages/delta-log/src/index.ts";
import { fromLogPath, toLogPath } from "../../../packages/delta-log/src/paths.ts";
import { duckdbCheckpoints } from "../../../packages/kpi-engine/src/index.ts";
import {
  commit,
  file,
  oddFiles,
} from "../../../packages/local-harness/src/contracts/zone/requests.ts";
import { describeNeeding } from "../../../test/needs.ts";
import { both } from "./bridge/both.ts";

/** One log for committers of either language. */

const LOG = `${zoneFolder("streams")}_delta_log/`;

async function entriesOf(store: ObjectStore): Promise<Record<string, string>> {
  const keys = await Array.fromAsync(store.list(LOG), ({ key }) => key);
  const texts = keys.map(async (key) => [key, await text((await store.get(key)).body)] as const);
  return Object.fromEntries(await Promise.all(texts));
}

describeNeeding(["python"], "the log", ({ python }) => {
  const open = both(python);

  test("holds the same bytes, whoever commits", async () => {
    const story = async (zone: Zone) => {
      await commit(zone, "streams", { runId: "r 1 é", fence: 1_719_360_000_001n, add: oddFiles });
      await commit(zone, "streams", { fence: 1_719_360_000_002n, remove: oddFiles.slice(0, 2) });
      const compaction = { remove: oddFiles.slice(2), add: [file("c")], dataChange: false };
      await commit(zone, "streams", {
        ...compaction,
        operation: "compact",
        fence: 1_719_360_000_003n,
      });
      await commit(zone, "songs", { fence: 1n });
      await commit(zone, "users", { fence: 1n });
    };
    await using mine = await open().bucket();
    await using theirs = await open().bucket();
    await story(mine.typescript());
    await story(theirs.python());
    const entries = await entriesOf(mine.store);
    expect(Object.keys(entries)).toHaveLength(3);
    expect(await entriesOf(theirs.store)).toEqual(entries);
    for (const table of ["songs", "users"] as const) {
      const key = `${zoneFolder(table)}_delta_log/${"0".repeat(20)}.json`;
      expect(await text((await theirs.store.get(key)).body)).toBe(
        await text((await mine.store.get(key)).body),
      );
    }
  });

  test("of many committers of both has every commit once", async () => {
    await using bucket = await open().bucket();
    const stems = Array.from({ length: 16 }, (_, at) => `f${String(at).padStart(2, "0")}`);
    const versions = await mapConcurrently(stems, 4, (stem) => {
      const isEven = stems.indexOf(stem) % 2 === 0;
      const zone = isEven ? bucket.typescript() : bucket.python();
      return commit(zone, "streams", { runId: stem, add: [file(stem)] });
    });
    expect(versions.toSorted((a, b) => a - b)).toEqual(stems.map((_, at) => at));
    for (const zone of [bucket.typescript(), bucket.python()]) {
      const { files } = await zone.snapshot("streams");
      expect(files.map(({ path }) => path).toSorted()).toEqual(stems.map((one) => file(one).path));
      const commits = await zone.commits("streams", -1, stems.length - 1);
      expect(commits.map(({ info }) => info?.runId ?? "").toSorted()).toEqual(stems);
    }
  });

  test("is gone on with from a checkpoint of Topline's, where its beginning is gone", async () => {
    await using bucket = await open().bucket();
    const { store } = bucket;
    const tempDirectory = await mkdtemp(join(tmpdir(), "topline-test-"));
    onTestFinished(() => rm(tempDirectory, { recursive: true, force: true }));
    const checkpoints = duckdbCheckpoints({ tempDirectory });
    const mine = deltaZone({ store, checkpoints, checkpointEvery: 2 });
    await commit(mine, "streams", { runId: "r1", fence: 7n, add: oddFiles });
    await commit(mine, "streams", { runId: "r2", fence: 7n, remove: oddFiles.slice(1) });
    await commit(mine, "streams", { runId: "r3", fence: 8n, add: [file("d")] });
    const names = Object.keys(await entriesOf(store));
    expect(names).toContain(`${LOG}${"2".padStart(20, "0")}.checkpoint.parquet`);
    for (const name of names.filter((one) => /0[01]\.json$/.test(one))) await store.delete(name);
    const theirs = bucket.python();
    expect(await theirs.snapshot("streams")).toEqual(await mine.snapshot("streams"));
    expect((await theirs.snapshot("streams")).fence).toBe(8n);
    const again = commit(theirs, "streams", { fence: 8n, since: 2, add: oddFiles.slice(1) });
    await expect(again).rejects.toThrow("names it already");
    await commit(theirs, "streams", { runId: "r4", fence: 9n, since: 2, add: [file("e")] });
    expect(await mine.snapshot("streams")).toEqual(await theirs.snapshot("streams"));
  });

  test("is read alike at every version, whoever has committed", async () => {
    await using bucket = await open().bucket();
    const [mine, theirs] = [bucket.typescript(), bucket.python()];
    await commit(mine, "streams", { runId: "r1", add: oddFiles });
    await commit(theirs, "streams", { runId: "r2", remove: oddFiles.slice(1), add: [file("d")] });
    await commit(mine, "streams", { runId: "r3", remove: [file("d")], dataChange: false });
    for (const version of [0, 1, 2]) {
      expect(await theirs.snapshot("streams", version)).toEqual(
        await mine.snapshot("streams", version),
      );
    }
    expect(await theirs.commits("streams", -1, 2)).toEqual(await mine.commits("streams", -1, 2));
  });

  test("spells paths alike, and reads them alike", async () => {
    const unit = fc.oneof(
      fc.nat({ max: 127 }).map((code) => String.fromCodePoint(code)),
      fc.constantFrom("é", "日", "😀", "%", "/", "%2F", "%C3%A9", "%ff"),
    );
    const paths = fc.array(fc.string({ unit, minLength: 1 }), { minLength: 200, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(paths, async (drawn) => {
        const { process } = open();
        expect(await process.call("log_paths", { paths: drawn })).toEqual(drawn.map(toLogPath));
        expect(await process.call("paths", { log_paths: drawn })).toEqual(
          drawn.map((path) => fromLogPath(path) ?? null),
        );
      }),
      { numRuns: 20 },
    );
  });
});
