import { randomUUID } from "node:crypto";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DATASET_COLUMNS, DATASETS, type Dataset } from "../../packages/core/src/index.ts";
import { fieldTexts } from "../../packages/kpi-engine/test/dialect/fields.ts";
import { files } from "../../packages/kpi-engine/test/dialect/files.ts";
import { TORTURE_FILES } from "../../packages/kpi-engine/test/dialect/torture.ts";
import { CONTRACTS } from "../../packages/validators/src/index.ts";
import type { HarnessEndpoints } from "../../packages/local-harness/src/index.ts";
import { addressOf, judge, READERS } from "../delta/python.ts";
import { bags, readVersions } from "../delta/rows.ts";
import { type Deployment, openDeployment } from "../deployment.ts";
import type { Drop } from "../model/model.ts";
import { describeNeeding } from "../needs.ts";
import { readCases } from "./cases.ts";
import { outcomeOf } from "./outcome.ts";
import { type SparkTransforms, startSpark } from "./spark.ts";
import { openTwins } from "./twins.ts";

/** The Glue job's engine against the cases, and against DuckDB over whatever files: the same to the last digit. */

const START_MS = 600_000;

/**
 * A transform on Spark takes half a minute of a processor, however little there is to do. So a test run takes a part
 * of what there is, and `PARITY=all` everything.
 */
const isWhole = process.env["PARITY"] === "all";
const SAMPLE = new Set(["catalogue-that-changes", "every-reason", "set-aside"]);
const HISTORIES = isWhole ? 20 : 1;
const HISTORY_MS = isWhole ? 7_200_000 : 600_000;

describeNeeding(["python", "java", "uv", "maven"], "Spark", ({ python, java, maven }) => {
  let endpoints: HarnessEndpoints;
  let spark: SparkTransforms;
  const held = new AsyncDisposableStack();
  beforeAll(async () => {
    ({ endpoints } = held.use(await openDeployment()));
    spark = held.use(await startSpark({ java, maven }, endpoints));
  }, START_MS);
  afterAll(() => held.disposeAsync(), START_MS);

  const cases = readCases().filter(({ name }) => isWhole || SAMPLE.has(name));
  describe.each(cases)("$name: $says", ({ name, drops }) => {
    test(
      "Spark leaves what the case expects",
      async () => {
        await using deployment = await openDeployment(name, endpoints);
        const transformJob = spark.over({ context: deployment.context, bucket: name });
        for (const { files: delivered, expected } of drops) {
          await deployment.deliver(delivered);
          const report = await deployment.run({ transformJob });
          expect(await outcomeOf(deployment, report)).toEqual(expected);
        }
      },
      HISTORY_MS,
    );
  });

  test(
    "files that readers trip over leave the same on both engines",
    async () => {
      await using twins = await openTwins(endpoints, spark, { maxQuarantineRatio: 1 });
      for (const delivered of tortureDrops().slice(0, isWhole ? undefined : 2)) {
        const remains = await twins.run(delivered);
        expect(remains.spark).toEqual(remains.duckdb);
      }
    },
    HISTORY_MS,
  );

  test.each(DATASETS)(
    "zod, DuckDB and Spark judge the texts of %s alike",
    async (dataset) => {
      await using twins = await openTwins(endpoints, spark, { maxQuarantineRatio: 1 });
      const { files: delivered, records } = fieldFiles(dataset);
      const remains = await twins.run(delivered);
      expect(remains.spark).toEqual(remains.duckdb);
      const reports = remains.spark.report as { sources: { key: string; rows: bigint }[] };
      const judged = reports.sources.find(({ key }) => key === delivered[0]?.key);
      expect(Number(judged?.rows)).toBe(records);
    },
    HISTORY_MS,
  );

  test(
    `generated histories (${HISTORIES}) leave the same on both engines, run by run`,
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(drop, { minLength: 2, maxLength: isWhole ? 3 : 2 }),
          async (drops) => {
            await using twins = await openTwins(endpoints, spark, { maxQuarantineRatio: 1 });
            for (const delivered of drops) {
              const remains = await twins.run(delivered);
              expect(remains.spark).toEqual(remains.duckdb);
            }
          },
        ),
        { numRuns: HISTORIES, endOnFailure: !isWhole },
      );
    },
    HISTORY_MS,
  );

  test(
    "the real day by DuckDB, then all of it again by Spark: nothing is written",
    async () => {
      const name = `real-${randomUUID()}`;
      await using deployment = await openDeployment(name, endpoints);
      const day = realDay();
      await deployment.deliver(day);
      const first = await deployment.run();
      expect(first.dates).toMatchObject([{ date: "2024-06-25", listens: 34_038n }]);
      await deployment.deliver(day);
      const transformJob = spark.over({ context: deployment.context, bucket: name });
      const again = await deployment.run({ transformJob });
      expect(again.error).toBeNull();
      expect(again.engine).toMatch(/^spark 3\.5\.6 /);
      expect(again.tables.map(({ put, deleted }) => put + deleted)).toEqual([0, 0, 0]);
      expect(again.tables.map(({ unchanged }) => unchanged)).toEqual(
        first.tables.map(({ put }) => put),
      );
    },
    HISTORY_MS,
  );

  test(
    "a zone that one engine wrote is read, extended and published by the other, and told alike by every reader",
    async () => {
      const cases = readCases().filter(({ drops }) => drops.length > 1);
      expect(cases.length).toBeGreaterThan(3);
      for (const { drops } of cases.slice(0, isWhole ? undefined : 1)) {
        const name = `mixed-${randomUUID()}`;
        await using deployment = await openDeployment(name, endpoints);
        const job = spark.over({ context: deployment.context, bucket: name });
        for (const [i, { files: delivered, expected }] of drops.entries()) {
          await deployment.deliver(delivered);
          const report = await deployment.run(i % 2 === 0 ? { transformJob: job } : {});
          expect(await outcomeOf(deployment, report)).toEqual(expected);
        }
        await expectSameVersions(deployment, { python, spark });
      }
    },
    HISTORY_MS,
  );

  test("rows that went with the worker that kept them are no lasting fault", async () => {
    expect(await spark.faultOfLoss()).toMatchObject({ code: "ENGINE_FAILED", is_retryable: true });
  });
});

/** Of each table and version of the zone, Topline, delta-rs, Polars and delta-spark read the same rows. */
async function expectSameVersions(
  deployment: Deployment,
  { python, spark }: { readonly python: string; readonly spark: SparkTransforms },
) {
  const judged = await judge(python, deployment, DATASETS, { readers: READERS });
  for (const table of DATASETS) {
    const own = bags(await readVersions(deployment, table));
    const newest = Object.keys(own).length - 1;
    const address = addressOf(deployment, table);
    const told = { "delta-spark": await spark.versions({ address, newest }) };
    for (const reader of READERS) Object.assign(told, { [reader]: judged[reader][table] });
    for (const [reader, versions] of Object.entries(told)) {
      expect({ reader, table, versions: bags(versions) }).toEqual({ reader, table, versions: own });
    }
  }
}

const stored = (key: string, bytes: Uint8Array): Drop => ({ key, bytes, sourceId: key });

const text = (name: string, content: string) => stored(`raw-data/${name}`, Buffer.from(content));

const REAL = new URL("../../examples/music-streaming/data/", import.meta.url);

const realDay = (): Drop[] =>
  ["users", "songs", "streams/streams1", "streams/streams2", "streams/streams3"].map((name) =>
    stored(`raw-data/${name}.csv.gz`, readFileSync(new URL(`${name}.csv.gz`, REAL))),
  );

const headers = Object.fromEntries(
  DATASETS.map((dataset) => [dataset, DATASET_COLUMNS[dataset].map(({ name }) => name).join(",")]),
) as Record<Dataset, string>;

/** Something of every dataset, so that no run waits. */
const plainFiles = (): Drop[] => [
  text("users.csv", `${headers.users}\nu,,,,\n`),
  text("songs.csv", `${headers.songs}\nt,,,,1000,rock\n`),
  text("streams/plain.csv", `${headers.streams}\nu,t,2024-06-25 10:00:00\n`),
];

/** All listens at once; of the others two files a run, plain and gzipped, as the inbox has two keys for each. */
function tortureDrops(): Drop[][] {
  const of = (dataset: Dataset) => TORTURE_FILES.filter((file) => file.dataset === dataset);
  const streams = of("streams").map(({ bytes }, i) => {
    const name = `raw-data/streams/${i}.csv`;
    return i % 3 === 2 ? stored(`${name}.gz`, gzipSync(bytes)) : stored(name, bytes);
  });
  const drops = [[...plainFiles(), ...streams]];
  const users = of("users");
  for (let at = 0; at < users.length; at += 2) {
    const [plain, gzipped] = users.slice(at, at + 2);
    drops.push([
      ...(plain === undefined ? [] : [stored("raw-data/users.csv", plain.bytes)]),
      ...(gzipped === undefined ? [] : [stored("raw-data/users.csv.gz", gzipSync(gzipped.bytes))]),
    ]);
  }
  return drops;
}

/** A file in which every record spoils, or strains, one column; whole texts, quoted where need be. */
function fieldFiles(dataset: Dataset): { files: Drop[]; records: number } {
  const { rules } = CONTRACTS[dataset];
  const good: Record<string, string> = {
    user_id: "u",
    track_id: "t",
    listen_time: "2024-06-25 10:00:00",
    duration_ms: "1",
    track_genre: "g",
  };
  const records = Object.entries(rules).flatMap(([column, rule]) =>
    fc.sample(fieldTexts(rule), { numRuns: 250, seed: 20_241_126 }).map((value) =>
      Object.keys(rules)
        .map((name) => (name === column ? `"${value.replaceAll('"', '""')}"` : (good[name] ?? "")))
        .join(","),
    ),
  );
  const key = dataset === "streams" ? "streams/fields.csv" : `${dataset}.csv`;
  const file = text(key, `${[headers[dataset], ...records].join("\n")}\n`);
  const others = plainFiles().filter(({ key: other }) => other !== file.key);
  return { files: [file, ...others], records: records.length };
}

/** Files of every kind at once. */
const drop: fc.Arbitrary<Drop[]> = fc
  .tuple(
    files("users"),
    files("songs"),
    fc.array(files("streams"), { minLength: 1, maxLength: 6 }),
    listens(),
    fc.boolean(),
  )
  .map(([users, songs, streams, plain, isGzipped]) => {
    const reference = (name: string, bytes: Buffer) =>
      isGzipped
        ? stored(`raw-data/${name}.csv.gz`, gzipSync(bytes))
        : stored(`raw-data/${name}.csv`, bytes);
    return [
      reference("users", users),
      reference("songs", songs),
      text("streams/listens.csv", `${headers.streams}\n${plain}\n`),
    ].concat(streams.map((bytes, i) => stored(`raw-data/streams/${i}.csv`, bytes)));
  });

/** Listens of few users, tracks and days, so that they meet. */
function listens(): fc.Arbitrary<string> {
  const one = fc
    .tuple(
      fc.constantFrom("u", "v", "w"),
      fc.constantFrom("a", "b c", "t", "unknown"),
      fc.constantFrom("2024-06-24", "2024-06-25", "2024-06-26"),
      fc.integer({ min: 10, max: 19 }),
    )
    .map(([user, track, date, second]) => `${user},${track},${date} 10:00:${second}`);
  return fc.array(one, { minLength: 1, maxLength: 30 }).map((lines) => lines.join("\n"));
}
