import { DATASETS } from "@topline/core";
import { describe, expect, test } from "vitest";
import { assertTakesRows, partitionColumns, schemaString, tableId } from "./schema.ts";

const field = (name: string, type: string, nullable: boolean) => ({
  name,
  type,
  nullable,
  metadata: {},
});

const STREAMS = [
  field("user_id", "string", false),
  field("track_id", "string", false),
  field("listen_time", "timestamp", false),
  field("source_id", "string", false),
  field("date", "date", true),
];

const metadataWith = (fields: readonly unknown[], partitions = ["date"]) => ({
  schemaString: JSON.stringify({ type: "struct", fields }),
  partitionColumns: partitions,
  configuration: {},
});

describe("the schema of a table", () => {
  test("has the files' columns, then the partition's", () => {
    expect(JSON.parse(schemaString("streams"))).toEqual({ type: "struct", fields: STREAMS });
    expect(partitionColumns("streams")).toEqual(["date"]);
  });

  test("has integers and longs where the contract says so", () => {
    expect(JSON.parse(schemaString("users"))).toEqual({
      type: "struct",
      fields: [
        field("user_id", "string", false),
        field("user_name", "string", true),
        field("user_age", "integer", true),
        field("user_country", "string", true),
        field("created_at", "string", true),
        field("source_id", "string", false),
        field("intake", "long", false),
      ],
    });
    expect(partitionColumns("users")).toEqual([]);
  });
});

describe("a table's id", () => {
  test("is a UUID of version 8, one for each table, the same every time", () => {
    const ids = DATASETS.map(tableId);
    expect(new Set(ids).size).toBe(3);
    expect(ids).toEqual(DATASETS.map(tableId));
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });
});

describe("a table takes rows", () => {
  test("when it has their columns, whatever others added", () => {
    const metadata = metadataWith([field("rating", "double", true), ...STREAMS.toReversed()]);
    expect(() => assertTakesRows("streams", metadata)).not.toThrow();
  });

  test.each([
    ["a column is missing", metadataWith(STREAMS.slice(1)), /user_id .* is missing/],
    [
      "a column has another type",
      metadataWith(STREAMS.with(2, field("listen_time", "string", false))),
      /listen_time must be of type timestamp and is of type "string"/,
    ],
    ["it is not partitioned", metadataWith(STREAMS, []), /partitioned by \(\), not by \(date\)/],
    ["it has no schema", { ...metadataWith([]), schemaString: "{" }, /not a Delta schema/],
    [
      "a column has an invariant",
      metadataWith([
        { ...field("rating", "double", true), metadata: { "delta.invariants": "{}" } },
        ...STREAMS,
      ]),
      /rating has an invariant/,
    ],
  ])("but not when %s", (_case, metadata, message) => {
    const corrupt = { code: "STATE_CORRUPT", message: expect.stringMatching(message) as string };
    expect(() => assertTakesRows("streams", metadata)).toThrow(expect.objectContaining(corrupt));
  });
});
