import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { dynamoClient, dynamoRunLedger } from "@topline/aws-adapters/dynamodb";
import type { Dataset, RunPreview } from "@topline/core";
import { systemClock } from "@topline/deployment";
import { openHarness } from "@topline/local-harness";
import { describe, expect, test } from "vitest";
import { openBucket } from "./bucket.ts";
import { directoryOf, type Files } from "./inbox.ts";
import { newState, type TestState } from "./topline.ts";

const SONGS = "track_id,artists,album_name,track_name,duration_ms,track_genre";
const STREAMS = "user_id,track_id,listen_time";
const FILES: Files = {
  "songs.csv": `${SONGS}\nt1,A,B,One,1000,pop\nt2,A,B,Two,2000,rock\n`,
  "users.csv": "user_id,user_name,user_age,user_country,created_at\nu1,Ann,30,PT,2020-01-01\n",
  "streams/a.csv": `${STREAMS}\nu1,t1,2024-06-25 10:00:00\nu1,t2,2024-06-26 10:00:00\n`,
};
const TABLES = ["GENRE_KPIS", "TOP_SONGS", "TOP_GENRES", "PIPELINE_RUNS"];

async function planOf(state: TestState, ...args: string[]): Promise<RunPreview> {
  const outcome = await state.topline("plan", "--json", ...args);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome.json<RunPreview>();
}

async function publish(state: TestState, files: Files): Promise<void> {
  const data = await directoryOf(state, files);
  expect((await state.topline("run", "--data", data)).code).toBe(0);
}

describe("plan", () => {
  test("of a state that was never used makes nothing, not even its directory", async () => {
    await using state = await newState();
    const { actions, tables } = await planOf(state);
    expect(actions).toEqual([]);
    expect(tables).toEqual(TABLES.map((table) => ({ table, change: "create" })));
    const words = await state.topline("plan");
    expect(words.stdout).toContain("nothing was ever taken in");
    expect(existsSync(state.directory)).toBe(false);
  });

  test("makes no bucket, no table, and no object where others are configured", async () => {
    await using state = await newState();
    await publish(state, FILES);
    const config = await directoryOf(state, {
      "topline.config.ts": 'export default { bucket: "other-bucket", tablePrefix: "other-" };\n',
    });
    const found = await planOf(state, "--config", `${config}/topline.config.ts`);
    expect(found.tables).toEqual(
      TABLES.map((table) => ({ table: `other-${table}`, change: "create" })),
    );

    await using harness = await openHarness({ stateDirectory: state.directory });
    const { s3: endpoint, dynamodb, region, accessKeyId, secretAccessKey } = harness.endpoints;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    const { Buckets } = await client.send(new ListBucketsCommand());
    client.destroy();
    expect(Buckets?.map(({ Name }) => Name)).toEqual(["topline"]);
    const dynamo = dynamoClient({ endpoint: dynamodb, region, credentials });
    const { TableNames } = await dynamo.send(new ListTablesCommand());
    dynamo.destroy();
    expect(TableNames).toEqual(TABLES.toSorted());
  });

  test("tells what the next run takes in, what is open, and that nothing is left after it", async () => {
    await using state = await newState();
    await using bucket = await openBucket(state);
    for (const [name, content] of Object.entries(FILES))
      await bucket.put(`raw-data/${name}`, content);
    await bucket.put("raw-data/notes.txt", "hello");
    const objects = await bucket.keys("");

    const first = await planOf(state);
    expect(first.actions).toEqual(["take-in"]);
    expect(first.inbox.ignored).toEqual(["raw-data/notes.txt"]);
    expect(first.dates_unknown_for).toEqual(["raw-data/songs.csv", "raw-data/streams/a.csv"]);
    expect(await bucket.keys("")).toEqual(objects);

    await state.topline("step", "validate", "--run-id", "half");
    const { stdout } = await state.topline("plan");
    expect(stdout).toMatch(
      /^The next run would finish run half\.\nLeft of run half, .*: transform, archive$/m,
    );
    expect(stdout).toMatch(/^raw-data\/users\.csv +users .* of run half$/m);
    expect(stdout).toMatch(/^GENRE_KPIS +would be written to/m);

    await state.topline("run");
    expect((await planOf(state)).actions).toEqual([]);
  });

  test("reads the zone to tell the dates that a changed catalogue touches, and holds no lease", async () => {
    await using state = await newState();
    await publish(state, FILES);
    await using harness = await openHarness({ stateDirectory: state.directory });
    const { dynamodb: endpoint, region, accessKeyId, secretAccessKey } = harness.endpoints;
    const client = dynamoClient({
      endpoint,
      region,
      credentials: { accessKeyId, secretAccessKey },
    });
    const ledger = dynamoRunLedger({ client, prefix: "", clock: systemClock });
    const cursor = await ledger.cursor();
    await publish(state, { "songs.csv": `${SONGS}\nt2,A,B,Two,2500,rock\n` });

    const lease = await ledger.acquire("the test, which holds it on", 600);
    const zone = cursor?.zone as Record<Dataset, number>;
    await ledger.moveCursor({ zone, planHash: cursor?.planHash ?? "" }, lease);
    const found = await planOf(state);
    expect(found.actions).toEqual(["publish"]);
    expect(found.dates).toEqual([{ date: "2024-06-26", reasons: ["changed-catalogue"] }]);
    expect(await readdir(`${state.directory}/tmp`)).toEqual([]);
    await ledger.release(lease);
    client.destroy();
    const report = (await state.topline("run", "--json")).json<{ dates: { date: string }[] }>();
    expect(report.dates.map(({ date }) => date)).toEqual(["2024-06-26"]);
  });
});
