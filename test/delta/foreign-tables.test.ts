import { describe, expect, test } from "vitest";
import { ToplineError } from "../../packages/core/src/index.ts";
import { deltaZone } from "../../packages/delta-log/src/index.ts";
import { songs, streams, users } from "../model/drops.ts";
import { describeNeeding } from "../needs.ts";
import { type Deployment, openDeployment } from "../deployment.ts";
import { addressOf, judge, READERS, runScript, storageOf } from "./python.ts";
import { bags, readVersions } from "./rows.ts";

/** Tables that delta-rs made or changed, as Topline reads them. */

type Step = readonly [name: string, ...args: readonly (string | number)[]];

/** @returns the version after each step */
const change = (python: string, deployment: Deployment, ...steps: readonly Step[]) =>
  runScript<number[]>(python, "change_table.py", {
    storage: storageOf(deployment),
    address: addressOf(deployment, "streams"),
    steps,
  });

/** A table of four days and five commits, in which files left again. */
const HISTORY: readonly Step[] = [
  ["append", "a", "2024-06-24", 3],
  ["append", "b", "2024-06-25", 5],
  ["append", "b", "2024-06-24", 2],
  ["compact"],
  ["delete", "user_id = 'a' AND listen_time > '2024-06-24T00:30:00Z'"],
  ["update", "track_id", "'t2'", "user_id = 'b' AND date = '2024-06-25'"],
  ["append", "c", "2024-06-26", 1],
  ["order"],
];

/** What Topline reads of the versions from `first` on, and that the others read the same. */
async function agreed(python: string, deployment: Deployment, first = 0) {
  const { version: newest } = await deployment.context.zone.snapshot("streams");
  const asked = Array.from({ length: newest + 1 - first }, (_, at) => first + at);
  const own = bags(await readVersions(deployment, "streams", ...asked));
  const judged = await judge(python, deployment, ["streams"], { readers: READERS, first });
  const others = READERS.map((reader) => bags(judged[reader].streams));
  expect(others).toEqual([own, own]);
  return own;
}

describeNeeding(["python"], "a table that delta-rs", ({ python }) => {
  describe("wrote", () => {
    test("is read as delta-rs reads it, at every version", async () => {
      await using deployment = await openDeployment();
      const versions = await change(python, deployment, ...HISTORY);
      const own = await agreed(python, deployment);
      expect(Object.values(own).map((rows) => rows.length)).toEqual([3, 8, 10, 10, 8, 8, 9, 9]);
      expect(versions.at(-1)).toBe(7);
    });

    test("and cleaned up behind its checkpoint is read from there by a codec, and refused without", async () => {
      await using deployment = await openDeployment();
      const { store } = deployment.context;
      const versions = await change(
        python,
        deployment,
        ...HISTORY,
        ["set_property", "delta.logRetentionDuration", "interval 0 seconds"],
        ["checkpoint"],
        ["append", "d", "2024-06-27", 4],
        ["clean_up"],
      );
      expect(versions.slice(-4)).toEqual([8, 8, 9, 9]);
      const refusal = deltaZone({ store }).snapshot("streams");
      await expect(refusal).rejects.toMatchObject({
        code: "CONFIG_INVALID",
        message: expect.stringMatching(/begins at entry [89].*CheckpointCodec/) as string,
      });
      const { zone } = deployment.context;
      const own = await agreed(python, deployment, 8);
      expect(Object.values(own).map((rows) => rows.length)).toEqual([9, 13]);
      await expect(zone.snapshot("streams", 7)).rejects.toMatchObject({
        code: "VERSION_UNREADABLE",
      });
    });

    test.each([
      ["DeletionVectors", "deletionVectors"],
      ["ColumnMapping", "columnMapping"],
      ["TimestampWithoutTimezone", "timestampNtz"],
      ["V2Checkpoint", "v2Checkpoint"],
    ])(
      "with what only readers of %s know is refused, by the feature's name",
      async (feature, name) => {
        await using deployment = await openDeployment();
        await change(
          python,
          deployment,
          ["append", "a", "2024-06-24", 3],
          ["add_feature", feature],
        );
        const fault = await faultOf(deployment.context.zone.snapshot("streams"));
        expect(fault.code).toBe("STATE_CORRUPT");
        expect(fault.message).toContain(`reader version 3 for the features ${name},`);
        expect((await deployment.context.zone.snapshot("streams", 0)).files).toHaveLength(1);
      },
    );

    test.each([
      ["AppendOnly", "appendOnly"],
      ["CheckConstraints", "checkConstraints"],
      ["ChangeDataFeed", "changeDataFeed"],
      ["RowTracking", "rowTracking"],
    ])("with what only writers of %s know is read, and not committed to", async (feature, name) => {
      await using deployment = await openDeployment();
      const { zone } = deployment.context;
      await change(python, deployment, ["append", "a", "2024-06-24", 3], ["add_feature", feature]);
      await agreed(python, deployment);
      const fault = await faultOf(
        zone.commit("streams", {
          info: { runId: "r", operation: "append", engine: "t", planHash: "0", timestamp: 0 },
          fence: 1n,
          since: -1,
          decide: () => ({ add: [], remove: [], dataChange: true }),
        }),
      );
      expect(fault.code).toBe("STATE_CORRUPT");
      expect(fault.message).toContain(`writer version 7 for the features ${name},`);
      expect((await zone.snapshot("streams")).version).toBe(1);
    });
  });

  test("changed between two runs is published as it is", async () => {
    await using deployment = await openDeployment();
    await deployment.deliver([
      users("a,,,,", "b,,,,"),
      songs("t1,,,,1,pop"),
      streams(
        "1",
        "a,t1,2024-06-24 00:00:00",
        "b,t1,2024-06-24 00:00:00",
        "b,t1,2024-06-25 00:00:00",
      ),
    ]);
    await deployment.run();
    await deployment.deliver([streams("2", "b,t1,2024-06-24 10:00:00")]);
    await deployment.run();
    const changes: readonly [steps: readonly Step[], dates: Record<string, bigint>][] = [
      [[["compact"]], {}],
      [[["append", "b", "2024-06-25", 4]], { "2024-06-25": 4n }],
      [[["delete", "user_id = 'b' AND date = '2024-06-24'"]], { "2024-06-24": 1n }],
      [[["restore", 1]], { "2024-06-24": 3n, "2024-06-25": 1n }],
      [[["order"], ["delete", "date = '2024-06-25'"]], { "2024-06-25": 0n }],
    ];
    for (const [steps, dates] of changes) {
      await change(python, deployment, ...steps);
      const report = await deployment.run();
      expect(report.error).toBeNull();
      const told = report.dates.map(({ date, listens }) => [date, listens]);
      expect(Object.fromEntries(told), JSON.stringify(steps)).toEqual(dates);
    }
    // The next file goes on from there.
    await deployment.deliver([streams("3", "a,t1,2024-06-25 00:00:00")]);
    expect((await deployment.run()).dates).toMatchObject([{ date: "2024-06-25", listens: 1n }]);
    await agreed(python, deployment);
  });
});

async function faultOf(call: Promise<unknown>): Promise<ToplineError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ToplineError) return error;
  throw new Error("It raised no fault of Topline's.", { cause: error });
}
