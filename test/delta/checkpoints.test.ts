import { expect, test } from "vitest";
import { maintain } from "../../packages/core/src/index.ts";
import { deltaZone } from "../../packages/delta-log/src/index.ts";
import { duckdbCheckpoints } from "../../packages/kpi-engine/src/index.ts";
import { openDeployment } from "../deployment.ts";
import { songs, streams, users } from "../model/drops.ts";
import { describeNeeding } from "../needs.ts";
import { addressOf, judge, READERS, runScript, storageOf } from "./python.ts";
import { bags, readVersions } from "./rows.ts";

/** Checkpoints that Topline wrote, as others read them. */

describeNeeding(["python"], "a checkpoint of Topline's", ({ python }) => {
  test("is all that others need of what was before it, with what they had written themselves", async () => {
    await using deployment = await openDeployment();
    const { store } = deployment.context;
    const checkpoints = duckdbCheckpoints({ tempDirectory: deployment.directory });
    const zone = deltaZone({ store, checkpoints, checkpointEvery: 4 });
    const address = addressOf(deployment, "streams");
    const storage = storageOf(deployment);
    const change = (...steps: readonly unknown[]) =>
      runScript<number[]>(python, "change_table.py", { storage, address, steps });

    await deployment.deliver([
      users("a,,,,"),
      songs("t1,,,,1,pop"),
      streams("1", "a,t1,2024-06-24 00:00:00.000001", "a,t1,2024-06-25 00:00:00"),
    ]);
    expect((await deployment.run({ zone })).error).toBeNull();
    await change(
      ["append", "b", "2024-06-24", 3, "theirs", 41],
      ["compact"],
      ["append", "c", "2024-06-24", 1, "theirs", 42],
    );
    await deployment.deliver([streams("2", "a,t1,2024-06-26 10:00:00")]);
    expect((await deployment.run({ zone })).zone.streams).toBe(4);
    const keys = await Array.fromAsync(store.list("processed/streams/_delta_log/"));
    const names = keys.map(({ key }) => key.split("/").at(-1) ?? "");
    expect(names).toContain("00000000000000000004.checkpoint.parquet");
    expect(names).toContain("_last_checkpoint");

    const whole = bags(await readVersions(deployment, "streams", 4));
    for (const [at, { key }] of keys.entries()) {
      if (/0[0-3]\.json$/.test(names[at] ?? "")) await store.delete(key);
    }
    await deployment.deliver([streams("3", "a,t1,2024-06-27 10:00:00")]);
    expect((await deployment.run({ zone })).zone.streams).toBe(5);
    const own = bags(await readVersions(deployment, "streams", 4, 5));
    expect(own["4"]).toEqual(whole["4"]);
    expect(own["4"]).toHaveLength(7);
    expect(own["5"]).toHaveLength(8);
    const judged = await judge(python, deployment, ["streams"], { readers: READERS, first: 4 });
    expect(READERS.map((reader) => bags(judged[reader].streams))).toEqual([own, own]);

    const applications = ["theirs", "topline"];
    const request = { storage, address, applications };
    const told = await runScript<{ live: number }>(python, "describe_table.py", request);
    expect(told).toMatchObject({
      version: 5,
      transactions: { theirs: 42, topline: expect.any(Number) as number },
      superfluous: 2,
    });
    expect(told.live).toBe((await zone.snapshot("streams")).files.length);

    const context = { ...deployment.context, zone };
    const report = await maintain(context, { operationId: "maintain-1", retentionDays: 0 });
    expect(report.changes).toMatchObject([{ table: "streams", operation: "compact" }]);
    expect(report.vacuumed).toMatchObject([{ table: "streams" }]);
    const newest = report.zone.streams;
    const maintained = bags(await readVersions(deployment, "streams", newest));
    expect(maintained[newest]).toEqual(own["5"]);
    const again = await judge(python, deployment, ["streams"], { readers: READERS, first: newest });
    expect(READERS.map((reader) => bags(again[reader].streams))).toEqual([maintained, maintained]);
    const after = { transactions: { theirs: 42 }, live: 4 };
    expect(await runScript(python, "describe_table.py", request)).toMatchObject(after);
    expect(await Array.fromAsync(store.list("processed/streams/date="))).toHaveLength(4);
    // Compaction makes no date stale, and a run goes on from there.
    await deployment.deliver([streams("4", "a,t1,2024-06-27 11:00:00")]);
    const next = await deployment.run({ zone });
    expect(next.dates).toMatchObject([{ date: "2024-06-27", listens: 2n }]);
  });
});
