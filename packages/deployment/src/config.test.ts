import { parseConfig, ToplineError } from "@topline/core";
import { expect, test } from "vitest";
import { type LoadedConfig, parseLoadedConfig } from "./config.ts";

const config: LoadedConfig = {
  ...parseConfig({ bucket: "mine", tablePrefix: "test-", leaseSeconds: 60 }, "the test's"),
  kpis: [
    {
      sql: "SELECT date, 'all' AS scope, COUNT(*) AS listens FROM listens GROUP BY date",
      table: {
        name: "DAILY_LISTENS",
        relation: "daily_listens",
        columns: [
          { name: "date", type: "string" },
          { name: "scope", type: "string" },
          { name: "listens", type: "integer" },
        ],
        sortKey: "scope",
        list: [],
        indexes: [],
        orderBy: ["scope"],
      },
    },
  ],
};

test("a loaded configuration is the same after it went through JSON", () => {
  expect(parseLoadedConfig(JSON.parse(JSON.stringify(config)), "the test's")).toEqual(config);
});

test("what a document leaves out has its default", () => {
  const { bucket, kpis, memoryLimit } = parseLoadedConfig({}, "the test's");
  expect({ bucket, kpis, memoryLimit }).toEqual({
    bucket: "topline",
    kpis: [],
    memoryLimit: "1GB",
  });
});

test.each([
  ["a field that nobody knows", { buckets: "a" }, "buckets"],
  ["a bucket's name that is none", { bucket: "A" }, "bucket"],
  ["a KPI whose SQL was not read", { kpis: [{ sqlFile: "a.sql", table: {} }] }, "kpis[0]"],
  ["no object", [], "the document"],
])("%s is refused, by name", (_what, document, named) => {
  const parse = () => parseLoadedConfig(document, "the document");
  expect(parse).toThrow(ToplineError);
  expect(parse).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  expect(parse).toThrow(named);
});
