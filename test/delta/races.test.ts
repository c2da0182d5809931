import { rm } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type DataFile, silentLogger, zoneFolder } from "../../packages/core/src/index.ts";
import { literal } from "../../packages/kpi-engine/src/duckdb/quoting.ts";
import { openWorkspace } from "../../packages/kpi-engine/src/duckdb/workspace.ts";
import { songs, streams, users } from "../model/drops.ts";
import { describeNeeding } from "../needs.ts";
import { type Deployment, openDeployment } from "../deployment.ts";
import { addressOf, judge, READERS, startScript, storageOf } from "./python.ts";
import { bag, type Cells, readVersions } from "./rows.ts";

/** Another writer appends to the table of listens while Topline does. */

const COMMITS = 10;
const DAY = "2024-06-25";
/** What both writers' listens are called after. */
const NOON = BigInt(Date.parse(`${DAY}T12:00:00Z`)) * 1000n;

const listenOf = (writer: string, at: number): Cells => [
  `${writer}-${at}`,
  "t1",
  String(NOON + BigInt(at)),
  writer,
  DAY,
];

/** Files of one listen each, in the zone's folder, and in no commit yet. */
async function writeListens({ context, directory }: Deployment, count: number) {
  await using work = await openWorkspace({
    ...context,
    tempDirectory: directory,
    logger: silentLogger,
    signal: new AbortController().signal,
  });
  const files: DataFile[] = [];
  for (let at = 0; at < count; at++) {
    const local = join(directory, `${at}.parquet`);
    const [user, track, , source] = listenOf("topline", at).map((cell) => literal(cell ?? ""));
    const [written] = await work.db.rows(
      "a listen",
      `COPY (SELECT ${user} AS user_id, ${track} AS track_id, make_timestamptz(${NOON} + ${at}) AS listen_time, ${source} AS source_id)
       TO ${literal(local)} (FORMAT parquet, RETURN_STATS true)`,
    );
    const path = `date=${DAY}/topline-${at}.parquet`;
    await context.store.put(zoneFolder("streams") + path, createReadStream(local));
    await rm(local);
    const size = Number(written?.["file_size_bytes"]);
    files.push({ path, size, modificationTime: at, partition: { date: DAY }, records: 1n });
  }
  return files;
}

const append = ({ context: { zone } }: Deployment, file: DataFile) =>
  zone.commit("streams", {
    info: {
      runId: file.path,
      operation: "append",
      engine: "test",
      planHash: "0",
      timestamp: Date.UTC(2024, 5, 26),
    },
    fence: BigInt(Number.MAX_SAFE_INTEGER),
    since: 0,
    decide: () => ({ add: [file], remove: [], dataChange: true }),
  });

async function logEntries({ context: { store } }: Deployment): Promise<string[]> {
  const folder = `${zoneFolder("streams")}_delta_log/`;
  const keys = await Array.fromAsync(store.list(folder), ({ key }) => key.slice(folder.length));
  return keys.filter((name) => name.endsWith(".json"));
}

describeNeeding(["python"], "commits by delta-rs and by Topline at once", ({ python }) => {
  test.each(["write_deltalake", "transaction"])("are all in the log, each once: %s", async (by) => {
    await using deployment = await openDeployment();
    await deployment.deliver([
      users("u1,,,,"),
      songs("t1,,,,1,pop"),
      streams("a", `u1,t1,${DAY} 00:00:00`),
    ]);
    expect(await deployment.run()).toMatchObject({ status: "succeeded", zone: { streams: 0 } });
    const files = await writeListens(deployment, 2 * COMMITS);
    const other = startScript(python, "append_listens.py", {
      storage: storageOf(deployment),
      address: addressOf(deployment, "streams"),
      commits: COMMITS,
      by,
    });
    // As the other one sets about a commit, two of Topline's are begun: three want the next entry.
    const own: Promise<number>[] = [];
    for await (const line of other.lines) {
      const at = 2 * Number(line);
      own.push(...files.slice(at, at + 2).map((file) => append(deployment, file)));
    }
    await other.finished;
    expect(new Set(await Promise.all(own)).size).toBe(files.length);

    const newest = COMMITS + files.length;
    expect(await logEntries(deployment)).toEqual(
      Array.from({ length: newest + 1 }, (_, at) => `${String(at).padStart(20, "0")}.json`),
    );

    const before = (await readVersions(deployment, "streams", 0))["0"] ?? [];
    const all = bag([
      ...before,
      ...Array.from({ length: COMMITS }, (_, at) => listenOf("delta-rs", at)),
      ...Array.from({ length: files.length }, (_, at) => listenOf("topline", at)),
    ]);
    expect(before).toHaveLength(1);
    const read = (await readVersions(deployment, "streams", newest))[newest] ?? [];
    expect(bag(read)).toEqual(all);
    const judged = await judge(python, deployment, ["streams"], {
      readers: READERS,
      first: newest,
    });
    for (const reader of READERS) {
      expect(bag(judged[reader].streams[newest] ?? []), reader).toEqual(all);
    }
  });

  test("are taken into the figures by the next run", async () => {
    await using deployment = await openDeployment();
    await deployment.deliver([
      users("u1,,,,"),
      songs("t1,,,,1,pop"),
      streams("a", `u1,t1,${DAY} 00:00:00`),
    ]);
    await deployment.run();
    const other = startScript(python, "append_listens.py", {
      storage: storageOf(deployment),
      address: addressOf(deployment, "streams"),
      commits: 3,
      by: "write_deltalake",
    });
    await other.finished;
    const report = await deployment.run();
    expect(report).toMatchObject({ status: "succeeded", zone: { streams: 3 } });
    expect(report.dates).toMatchObject([{ date: DAY, listens: 4n, unknown_users: 3n }]);
  });
});
