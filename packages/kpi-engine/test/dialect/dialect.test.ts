import { Buffer } from "node:buffer";
import process from "node:process";
import { DATASETS, type Dataset } from "@topline/core";
import { CONTRACTS, judge, validator } from "@topline/validators";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fieldTexts } from "./fields.ts";
import { files } from "./files.ts";
import { mutatedFiles } from "./mutations.ts";
import { TORTURE_FILES } from "./torture.ts";
import { CompiledDialect, type HeadedFile, judgedPlainly } from "./judged.ts";

/** Batches of files a dataset; each batch is one query. */
const numRuns = Number(process.env["DIALECT_RUNS"] ?? 6);
const FILES_A_BATCH = 25;
const TEXTS_A_BATCH = 300;

let compiled: CompiledDialect;
beforeAll(async () => {
  compiled = await CompiledDialect.open();
});
afterAll(async () => {
  await compiled[Symbol.asyncDispose]();
});

async function headed(dataset: Dataset, bytes: Uint8Array): Promise<HeadedFile> {
  const verdict = await validator.checkHead(dataset, stream(bytes), "none");
  if (!verdict.ok) throw new Error(`${verdict.code}: ${verdict.message}`);
  return { bytes, head: verdict.head };
}

async function* stream(bytes: Uint8Array) {
  yield bytes;
}

test.each(TORTURE_FILES)("$dataset: $name", async ({ dataset, bytes, accepted, rejected }) => {
  const input = await headed(dataset, bytes);
  const [judged = []] = await compiled.judged(dataset, [input]);
  expect(judged).toEqual(judgedPlainly(dataset, input));
  expect(judged.filter(({ reason }) => reason === null)).toHaveLength(accepted);
  expect(judged.filter(({ reason }) => reason !== null)).toHaveLength(rejected + 1);
});

describe.each(DATASETS)("%s", (dataset) => {
  test("the compiled SQL judges generated files as the plain reader and zod do", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(files(dataset), { minLength: 1, maxLength: FILES_A_BATCH, size: "max" }),
        async (batch) => {
          const inputs = await Promise.all(batch.map((bytes) => headed(dataset, bytes)));
          const expected = inputs.map((input) => judgedPlainly(dataset, input));
          expect(await compiled.judged(dataset, inputs)).toEqual(expected);
        },
      ),
      { numRuns },
    );
  }, 600_000);

  test("and real files whose bytes were changed", async () => {
    let rejected = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(mutatedFiles(dataset), { minLength: 1, maxLength: FILES_A_BATCH, size: "max" }),
        async (batch) => {
          const inputs = await Promise.all(batch.map((bytes) => headed(dataset, bytes)));
          const expected = inputs.map((input) => judgedPlainly(dataset, input));
          const judged = await compiled.judged(dataset, inputs);
          expect(judged).toEqual(expected);
          rejected += judged.flat().filter(({ reason, isHeader }) => !isHeader && reason).length;
        },
      ),
      { numRuns },
    );
    expect(rejected).toBeGreaterThan(0);
  }, 600_000);

  const { rules, columns } = CONTRACTS[dataset];
  const names = columns.map((column) => column.name);
  test.each(names)(
    "zod and SQL agree on every text of %s",
    async (name) => {
      const rule = rules[name];
      if (rule === undefined) throw new Error(`${name} has no rule`);
      await fc.assert(
        fc.asyncProperty(
          fc.array(fieldTexts(rule), { maxLength: TEXTS_A_BATCH, size: "max" }),
          async (texts) => {
            const others = (other: string) => goodTexts[other] ?? "x";
            const lines = texts.map((text) =>
              names.map((other) => (other === name ? quoted(text) : others(other))).join(),
            );
            const bytes = Buffer.from(`${names.join()}\n${lines.join("\n")}`);
            const [judged = []] = await compiled.judged(dataset, [await headed(dataset, bytes)]);
            const expected = texts.map((text) => {
              const fields = names.map((other) => [
                other,
                other === name ? trimmed(text) : others(other),
              ]);
              const verdict = judge(dataset, Object.fromEntries(fields));
              return verdict.ok ? names.map((other) => verdict.row[other]) : verdict.reason;
            });
            expect(judged.slice(1).map((one) => one.reason ?? one.row)).toEqual(expected);
          },
        ),
        { numRuns },
      );
    },
    600_000,
  );
});

const goodTexts: Readonly<Record<string, string>> = {
  duration_ms: "1",
  user_age: "",
  created_at: "",
  listen_time: "2024-06-25 00:00:00",
};
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const trimmed = (text: string) => text.replace(/^[ \t]+|[ \t]+$/g, "");
