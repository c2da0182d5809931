import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { DATASETS, type Dataset, ToplineError, zoneFolder } from "../../packages/core/src/index.ts";
import type { MaintainedZone } from "../../packages/core/src/index.ts";
import { drop, SONGS_HEADER, STREAMS_HEADER, USERS_HEADER } from "../model/drops.ts";
import type { Drop } from "../model/model.ts";
import { describeNeeding } from "../needs.ts";
import { type Deployment, openDeployment } from "../deployment.ts";
import { judge, type Reader, READERS } from "./python.ts";
import { bags, readVersions, type Versions } from "./rows.ts";
import { expectedVersions, type Taken } from "./expected.ts";

/** What independent readers see in the zone, version by version. */

const csv = (header: string, ...lines: string[]) => `${[header, ...lines].join("\n")}\n`;

const USERS = csv(
  USERS_HEADER,
  "u1,Ana,31,BR,2020-02-29",
  'u2,"Quote ""Q"" O\'Neil, Jr.",,DE,',
  "u3,,0,,0001-01-01",
  "u4,\u{1f3b8}\u{1f468}\u200d\u{1f469}\u200d\u{1f467},150,日本,9999-12-31",
  "\u00e9\u0301 %2F=?&#,\"back\\slash 'single'\",,,",
  "bad,Name,151,BR,2020-01-01",
);

const SONGS = csv(
  SONGS_HEADER,
  't1,"A, B & ""C""","Two\nlines, one ""record""\n\nand a gap",\u{1f600} Émoji — ‮rtl,60000,pop',
  "t1,A,B,C,60000,rock",
  "t2,,,,0,j#zz",
  'é́ %2F=?&#,"\\N","NULL","null",86400000,"  spaced  "',
  `t4,${"长".repeat(2048)},a,b,007,pop`,
  "t5,A,B,C,1.5,pop",
);

const STREAMS = csv(
  STREAMS_HEADER,
  "u1,t1,2024-06-25 00:00:00",
  "u1,t1,2024-06-25T23:59:59.999999Z",
  "u1,t1,2024-06-25 23:59:59.999999",
  "u2,unknown,2024-06-26 12:00:00.000001",
  "é́ %2F=?&#,é́ %2F=?&#,2024-02-29 01:02:03.5",
  "u3,t2,1970-01-01 00:00:00",
  "u3,t2,9999-12-31 23:59:59.999999",
  "u4,t4,2038-01-19 03:14:08",
  "u4,t4,2262-04-12 00:00:00.000001",
  "nobody,t1,2024-13-01 00:00:00",
);

/** One arrival a run, in order. */
const ARRIVALS: readonly (readonly Drop[])[] = [
  [drop("users.csv", USERS), drop("songs.csv", SONGS), drop("streams/a.csv", STREAMS)],
  [
    drop(
      "streams/b b+%20é.csv.gz",
      gzipSync(csv(STREAMS_HEADER, "u1,t1,2024-06-25 00:00:00", "u9,t9,2024-07-01 00:00:00.1")),
    ),
    drop(
      "streams/c.csv",
      csv(STREAMS_HEADER, "u2,t2,2024-06-25 08:00:00", "u2,t2,2024-06-25 08:00:00"),
    ),
  ],
  // A changed catalogue: a track renamed, one in another genre, one new.
  [drop("songs.csv", csv(SONGS_HEADER, "t1,A,B,New name,1,pop", "t9,\u{10348},,,5,j#zz"))],
  [drop("users.csv", csv(USERS_HEADER, "u9,Nina,,,", "u1,Ana Maria,32,PT,2020-02-29"))],
  // Refused whole: nothing of it in the zone.
  [drop("streams/bad.csv", csv(STREAMS_HEADER, "u1,t1,nonsense"))],
  [
    drop("streams/a.csv", STREAMS),
    drop("streams/z.csv", csv(STREAMS_HEADER, "u1,t1,2024-07-01 10:00:00")),
  ],
];

async function arrive(deployment: Deployment, files: readonly Drop[]): Promise<Taken> {
  await deployment.deliver(files);
  const report = await deployment.run();
  expect(report).toMatchObject({ status: "succeeded", error: null });
  return { files, report, intake: await deployment.intakeOf(report.run_id) };
}

/** Breaks off where the second table is to be committed: one is ahead of the others. */
function breakingOff(zone: MaintainedZone): MaintainedZone {
  return {
    ...zone,
    commit: (table, request) =>
      table === "users"
        ? Promise.reject(new ToplineError("STORE_UNAVAILABLE", "The network went."))
        : zone.commit(table, request),
  };
}

/** What Topline and the others read, table by table and version by version. */
async function readings(
  deployment: Deployment,
  python: string,
  readers: readonly Reader[] = READERS,
) {
  const judged = await judge(python, deployment, DATASETS, { readers });
  const own = await byTable((table) => readVersions(deployment, table));
  const others: Record<string, typeof own> = {};
  for (const reader of readers) {
    others[reader] = await byTable((table) => Promise.resolve(judged[reader][table]));
  }
  return { own, others };
}

async function byTable(read: (table: Dataset) => Promise<Versions>) {
  const tables: Record<string, Record<string, string[]>> = {};
  for (const table of DATASETS) tables[table] = bags(await read(table));
  return tables;
}

const expectedZone = (runs: readonly Taken[]) =>
  Object.fromEntries(DATASETS.map((table) => [table, expectedVersions(table, runs)]));

describeNeeding(["python"], "the zone, read by delta-rs and Polars", ({ python }) => {
  test("has at every version the rows that Topline reads, and that the model expects", async () => {
    await using deployment = await openDeployment();
    const runs: Taken[] = [];
    for (const files of ARRIVALS) runs.push(await arrive(deployment, files));
    expect(await deployment.newestVersions()).toEqual({ songs: 1, users: 1, streams: 2 });
    const { own, others } = await readings(deployment, python);
    expect(others).toEqual({ "delta-rs": own, polars: own });
    expect(own).toEqual(expectedZone(runs));
  });

  test("has each row once after a run that broke off between two commits", async () => {
    await using deployment = await openDeployment();
    const [first = [], second = []] = ARRIVALS;
    await deployment.deliver(first);
    const broken = await deployment.run({ zone: breakingOff(deployment.context.zone) });
    expect(broken).toMatchObject({ status: "failed", error: { code: "STORE_UNAVAILABLE" } });
    expect(await deployment.newestVersions()).toEqual({ songs: 0, users: -1, streams: -1 });
    const report = await deployment.run();
    expect(report).toMatchObject({ run_id: broken.run_id, status: "succeeded" });
    const taken = { files: first, report, intake: await deployment.intakeOf(report.run_id) };
    const runs = [taken, await arrive(deployment, second)];
    expect(await deployment.newestVersions()).toEqual({ songs: 0, users: 0, streams: 1 });
    const { own, others } = await readings(deployment, python);
    expect(others).toEqual({ "delta-rs": own, polars: own });
    expect(own).toEqual(expectedZone(runs));
  });

  test("finds files under any name, and listens without a date", async () => {
    await using deployment = await openDeployment();
    await arrive(deployment, ARRIVALS[0] ?? []);
    const { store, zone } = deployment.context;
    const { files } = await zone.snapshot("streams");
    const file = files.find(({ partition }) => partition["date"] === "2024-06-25");
    if (file === undefined) throw new Error("There is no file of 2024-06-25.");
    const names = [
      "date=2024-06-25/a b+c%20d%2Fe.parquet",
      "date=2024-06-25/\u{1f3b8} é #?&=[]{}^~`|'\"<>.parquet",
      "elsewhere/under/date=1999-01-01/a:b;c,d@e!$*().parquet",
      "__HIVE_DEFAULT_PARTITION__/x.parquet",
    ];
    for (const [at, path] of names.entries()) {
      await store.copy(zoneFolder("streams") + file.path, zoneFolder("streams") + path);
      const date = path.startsWith("__") ? null : "2024-06-25";
      await zone.commit("streams", {
        info: {
          runId: `odd-${at}`,
          operation: "append",
          engine: "test",
          planHash: "0",
          timestamp: at,
        },
        fence: BigInt(Number.MAX_SAFE_INTEGER),
        since: -1,
        // The one before the last leaves, so that removals are read by their names as well.
        decide: (latest) => ({
          add: [{ ...file, path, partition: { date } }],
          remove: latest.files.filter(({ path }) => path === names[at - 2]),
          dataChange: true,
        }),
      });
    }
    // Polars asks for names with spaces and `%` by a URL that is encoded in part: none of Topline's own has them.
    const { own, others } = await readings(deployment, python, ["delta-rs"]);
    expect(others).toEqual({ "delta-rs": own });
    expect(own["streams"]?.["4"]).toHaveLength(9 + (4 - 2) * 3);
  });
});
