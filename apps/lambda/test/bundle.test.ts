import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { compareRows, type KpiRow } from "@topline/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Deployment, openDeployment } from "../../../test/deployment.ts";
import { type Drop, emptyModel } from "../../../test/model/model.ts";
import { bundleFunctions } from "../bundle/functions.ts";
import { makeLayer } from "../bundle/layer.ts";
import { bytesIn, MOST_BYTES } from "../bundle/size.ts";
import type { ArchiveOutput } from "../src/archive.ts";
import type { TransformOutput } from "../src/transform.ts";
import type { ValidateOutput } from "../src/validate.ts";
import { type FunctionPlace, invokeBundled } from "./function-process.ts";

/** The functions as they are deployed: no package of the workspace is within their reach. */

const DATA = new URL("../../../examples/music-streaming/data/", import.meta.url);
const NAMES = ["users", "songs", "streams/streams1", "streams/streams2", "streams/streams3"];

let work = "";
let deployment: Deployment;
let withLayer: FunctionPlace & { readonly layer: string };

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "topline-bundle-"));
  const folder = join(work, "bundle");
  const layer = join(work, "layer");
  const temp = join(work, "tmp");
  await mkdir(temp);
  [deployment] = await Promise.all([
    openDeployment("bundled"),
    bundleFunctions(folder),
    makeLayer(layer, process.arch === "arm64" ? "arm64" : "x64", process.platform),
  ]);
  const { s3, dynamodb, bucket, region, accessKeyId, secretAccessKey } = deployment.endpoints;
  const env = {
    AWS_ENDPOINT_URL_S3: s3,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    TOPLINE_BUCKET: bucket,
    TOPLINE_TABLE_PREFIX: `${bucket}-`,
    TMPDIR: temp,
  };
  withLayer = { folder, layer, env };
});
afterAll(async () => {
  await deployment?.[Symbol.asyncDispose]();
  await rm(work, { recursive: true, force: true, maxRetries: 20 });
});

const realDay = (): Promise<Drop[]> =>
  Promise.all(
    NAMES.map(async (name) => {
      const bytes = await readFile(new URL(`${name}.csv.gz`, DATA));
      return { key: `raw-data/${name}.csv.gz`, bytes, sourceId: name };
    }),
  );

async function tables(): Promise<Record<string, readonly KpiRow[]>> {
  const { kpis, plan } = deployment.context;
  const found: Record<string, readonly KpiRow[]> = {};
  for (const table of plan.tables) {
    found[table.name] = (await Array.fromAsync(kpis.scan(table))).sort(compareRows(table));
  }
  return found;
}

test("the bundles and the layer do a whole run over the real data, with the right figures", async () => {
  const files = await realDay();
  await deployment.deliver(files);
  const event = { run_id: "bundled-1" };
  const { layer: _, ...withoutLayer } = withLayer;
  const validated = await invokeBundled<ValidateOutput>(withLayer, "validate", event);
  const transformed = await invokeBundled<TransformOutput>(withLayer, "transform", event);
  const archived = await invokeBundled<ArchiveOutput>(withoutLayer, "archive", event);

  expect(validated.output).toMatchObject({ status: "ready", accepted: 5, rejected: 0 });
  const rows = 50_000 + 89_741 + 3 * 11_346;
  expect(transformed.output).toMatchObject({ rows, accepted: rows, quarantined: 0, dates: 1 });
  expect(archived.output).toMatchObject({ status: "succeeded", archived: 5, rejected: 0 });
  for (const { log } of [validated, transformed, archived]) {
    const lines = log.trimEnd().split("\n");
    expect(lines.filter((line) => !line.includes('"run_id":"bundled-1"'))).toEqual([]);
  }

  const model = emptyModel();
  model.run({ intake: 1n, files });
  const expected = model.tables();
  expect(await tables()).toEqual(expected);
  expect(await Array.fromAsync(deployment.context.store.list("raw-data/"))).toEqual([]);
});

test("a function tells a fault by the name that orchestrators look at, and what it is", async () => {
  const { error } = await invokeBundled(withLayer, "transform", { run_id: "nobody-opened-it" });
  expect(error).toMatchObject({
    errorType: "ToplineFault",
    errorMessage: expect.stringMatching(/^RUN_NOT_FOUND: /),
  });
});

test("without its layer, transform says so", async () => {
  await deployment.deliver(await realDay());
  const { layer: _, ...place } = withLayer;
  const event = { run_id: "bundled-2" };
  expect((await invokeBundled(place, "validate", event)).error).toBeUndefined();
  expect((await invokeBundled(place, "transform", event)).error).toMatchObject({
    errorType: "ToplineFault",
    errorMessage: expect.stringMatching(/^ENGINE_UNAVAILABLE: .*@duckdb\/node-api/s),
  });
});

test("code and layer together are far below what Lambda takes", async () => {
  const { folder, layer } = withLayer;
  const code = await stat(join(folder, "transform.mjs"));
  expect(code.size).toBeLessThan(3e6);
  expect((await bytesIn(folder)) + (await bytesIn(layer))).toBeLessThan(MOST_BYTES / 2);
});
