import { DATASET_COLUMNS, DATASETS } from "@topline/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { date, integer, text, timestamp } from "./columns.ts";
import { defineContract } from "./contract.ts";
import { CONTRACTS } from "./contracts.ts";
import { judge } from "./judge.ts";

const song = {
  track_id: "t",
  artists: "a",
  album_name: "b",
  track_name: "c",
  duration_ms: "1",
  track_genre: "g",
};
const listen = { user_id: "u", track_id: "t", listen_time: "2024-06-25 17:43:13" };
const reasonOf = (...[dataset, fields]: Parameters<typeof judge>) => {
  const verdict = judge(dataset, fields);
  return verdict.ok ? null : verdict.reason;
};

test.each(DATASETS)("the contract of %s has the zone's columns", (dataset) => {
  expect(CONTRACTS[dataset].columns).toEqual(DATASET_COLUMNS[dataset]);
});

test("the first broken rule in contract order is the reason", () => {
  expect(reasonOf("songs", {})).toBe("missing:track_id");
  expect(reasonOf("songs", { ...song, duration_ms: "x", track_genre: "" })).toBe(
    "invalid:duration_ms",
  );
  expect(reasonOf("songs", { ...song, track_genre: "", artists: "x".repeat(2049) })).toBe(
    "invalid:artists",
  );
});

test("an optional column that is absent is null, and extra columns are left out", () => {
  const fields = { user_id: "u", user_age: "", created_at: "2024-02-29", other: "x" };
  expect(judge("users", fields)).toEqual({
    ok: true,
    row: {
      user_id: "u",
      user_name: null,
      user_age: null,
      user_country: null,
      created_at: "2024-02-29",
    },
  });
});

test("text is measured in code points", () => {
  expect(reasonOf("songs", { ...song, track_id: "😀".repeat(255) })).toBeNull();
  expect(reasonOf("songs", { ...song, track_id: "😀".repeat(256) })).toBe("invalid:track_id");
  expect(reasonOf("songs", { ...song, artists: "😀".repeat(2048) })).toBeNull();
});

describe("integers", () => {
  test.each([
    ["0", 0],
    ["007", 7],
    [`${"0".repeat(300)}86400000`, 86_400_000],
  ])("%s is good", (duration_ms, value) => {
    expect(judge("songs", { ...song, duration_ms })).toMatchObject({ row: { duration_ms: value } });
  });
  test.each(["86400001", "-1", "+1", "1.0", "1e3", "0x10", "١", "１", "1 0", "9".repeat(400)])(
    "%s is not",
    (duration_ms) => {
      expect(reasonOf("songs", { ...song, duration_ms })).toBe("invalid:duration_ms");
    },
  );
  test("user_age ends at 150", () => {
    expect(reasonOf("users", { user_id: "u", user_age: "150" })).toBeNull();
    expect(reasonOf("users", { user_id: "u", user_age: "151" })).toBe("invalid:user_age");
  });
});

describe("listen_time", () => {
  test.each([
    ["1970-01-01 00:00:00", 0n],
    ["1970-01-01T00:00:01.5Z", 1_500_000n],
    ["2000-02-29 00:00:00.000001", 951_782_400_000_001n],
    ["9999-12-31T23:59:59.999999", 253_402_300_799_999_999n],
  ])("%s is good", (listen_time, micros) => {
    expect(judge("streams", { ...listen, listen_time })).toMatchObject({
      row: { listen_time: micros },
    });
  });
  test.each([
    "1969-12-31 23:59:59",
    "10000-01-01 00:00:00",
    "2023-02-29 00:00:00",
    "1900-02-29 00:00:00",
    "2024-13-01 00:00:00",
    "2024-00-01 00:00:00",
    "2024-06-31 00:00:00",
    "2024-06-25 24:00:00",
    "2024-06-25 23:60:00",
    "2024-06-25 23:59:60",
    "2024-06-25 17:43",
    "2024-06-25",
    "2024-06-25  17:43:13",
    "2024-06-25 17:43:13.",
    "2024-06-25 17:43:13.1234567",
    "2024-06-25 17:43:13+00:00",
    "2024-06-25 17:43:13z",
    "2024-06-25t17:43:13",
    "2024/06/25 17:43:13",
    "2024-6-25 17:43:13",
    "２024-06-25 17:43:13",
    "2024-06-25 17:43:13\n",
  ])("%j is not", (listen_time) => {
    expect(reasonOf("streams", { ...listen, listen_time })).toBe("invalid:listen_time");
  });
});

test.each([
  ["0001-01-01", null],
  ["9999-12-31", null],
  ["1582-10-10", null],
  ["0000-12-31", "invalid:created_at"],
  ["1500-02-29", "invalid:created_at"],
  ["2024-02-30", "invalid:created_at"],
  ["2024-2-03", "invalid:created_at"],
  ["2024-02-03 00:00:00", "invalid:created_at"],
])("created_at %s: %s", (created_at, reason) => {
  expect(reasonOf("users", { user_id: "u", created_at })).toBe(reason);
});

describe("a contract of one's own", () => {
  const streams = { user_id: text({ maxCodePoints: 9 }), track_id: text({ maxCodePoints: 9 }) };

  test("may be stricter", () => {
    const strict = z.object({ ...streams, listen_time: timestamp() });
    const contracts = { ...CONTRACTS, streams: defineContract("streams", strict) };
    expect(judge("streams", { ...listen, user_id: "0123456789" }, contracts)).toEqual({
      ok: false,
      reason: "invalid:user_id",
    });
  });

  const listen_time = timestamp();
  test.each([
    ["lacks a column", z.object(streams)],
    ["has another type", z.object({ ...streams, listen_time: date() })],
    [
      "makes optional what the zone needs",
      z.object({ ...streams, listen_time: timestamp({ optional: true }) }),
    ],
    [
      "has a check without SQL",
      z.object({ ...streams, listen_time: listen_time.refine(() => true) }),
    ],
    ["has a plain zod column", z.object({ ...streams, user_id: z.string(), listen_time })],
    ["has a check over the record", z.object({ ...streams, listen_time }).refine(() => true)],
    [
      "has limits that no zone column holds",
      z.object({ ...streams, user_id: text({ maxCodePoints: -1 }), listen_time }),
    ],
  ])("is refused when it %s", (_, schema) => {
    expect(() => defineContract("streams", schema)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
  });

  test("integers must fit 32 bits", () => {
    const shape = {
      ...CONTRACTS.songs.schema.shape,
      duration_ms: integer({ min: 0, max: 2 ** 31 }),
    };
    expect(() => defineContract("songs", z.object(shape))).toThrow("2147483647");
  });
});
