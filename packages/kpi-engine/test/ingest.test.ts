import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import type { Dataset } from "@topline/core";
import { CONTRACTS, judge, readRecords } from "@topline/validators";
import { describe, expect, test } from "vitest";
import { bench, csv, type Drop, HEADERS } from "./drop.ts";

const GOOD = "u1,t1,2024-06-25 10:00:00";
const HEADER = HEADERS.streams;
const MIB = 1_048_576;
const bytes = (...parts: readonly (string | number[] | Uint8Array)[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Uint8Array.from(part))),
  );

/** What an independent reader, with the whole file in memory, makes of it. */
function expected(dataset: Dataset, file: Uint8Array) {
  const { records } = readRecords(dataset, file);
  const quarantined: Record<string, bigint> = {};
  const names = CONTRACTS[dataset].columns.map(({ name }) => name);
  let accepted = 0n;
  for (const record of records) {
    const { fields } = record;
    const values = Object.fromEntries(names.map((name, i) => [name, fields?.[i] ?? ""]));
    const judged = fields === undefined ? undefined : judge(dataset, values);
    if (judged?.ok === true) accepted += 1n;
    else {
      const reason = judged?.reason ?? "malformed";
      quarantined[reason] = (quarantined[reason] ?? 0n) + 1n;
    }
  }
  return { records: BigInt(records.length), accepted, quarantined };
}

const lenient = { maxQuarantineRatio: 1 };

describe("every record is accepted or quarantined, whatever the file", () => {
  test.each<[string, Uint8Array, number]>([
    ["LF", bytes(`${HEADER}\n${GOOD}\n${GOOD}\n`), 2],
    ["no final line end", bytes(`${HEADER}\n${GOOD}\n${GOOD}`), 2],
    ["CRLF", bytes(`${HEADER}\r\n${GOOD}\r\n${GOOD}\r\n`), 2],
    ["lone CR", bytes(`${HEADER}\r${GOOD}\r${GOOD}\r`), 2],
    [
      "mixed ends and empty lines",
      bytes(`\n\r\n${HEADER}\r\n\n${GOOD}\r\r${GOOD}\n\r\n\n${GOOD}`),
      3,
    ],
    ["a BOM", bytes([0xef, 0xbb, 0xbf], `${HEADER}\n${GOOD}\n`), 1],
    ["a BOM inside", bytes(`${HEADER}\n${GOOD}\n`, [0xef, 0xbb, 0xbf], `${GOOD}\n`), 2],
    ["only a header", bytes(`${HEADER}\n`), 0],
    ["the header again", bytes(`${HEADER}\n${GOOD}\n${HEADER}\n${HEADER}\n`), 3],
    ["blanks", bytes(`${HEADER}\n   \n\t\n${GOOD}\n`), 3],
    ["NUL", bytes(`${HEADER}\nu\0,t1,2024-06-25 10:00:00\n\0\n${GOOD}\n`), 3],
    [
      "control bytes",
      bytes(`${HEADER}\n\u0001,\u0002\u0002\u0002,\u001a\n\u0002\n${GOOD}\u0007\n${GOOD}\n`),
      4,
    ],
    [
      "not UTF-8",
      bytes(`${HEADER}\nu`, [0xff], `,t,2024-06-25 10:00:00\n`, [0xc3, 0x0a], `${GOOD}\n`),
      3,
    ],
    ["surrogates as UTF-8", bytes(`${HEADER}\n`, [0xed, 0xa0, 0x80], `${GOOD}\n${GOOD}\n`), 2],
    ["a line of 1 MiB", bytes(`${HEADER}\n`, "x".repeat(MIB), `\n${GOOD}\n`), 2],
    ["a line of 1 MiB and a byte", bytes(`${HEADER}\n`, "x".repeat(MIB + 1), `\n${GOOD}\n`), 2],
    [
      "a valid line of 1 MiB less a byte",
      bytes(`${HEADER}\n${GOOD}${" ".repeat(MIB - 1 - GOOD.length)}\n`),
      1,
    ],
    [
      "a valid line but for a byte too many",
      bytes(`${HEADER}\n${GOOD}${" ".repeat(MIB + 1 - GOOD.length)}\n`),
      1,
    ],
    ["3 MiB in one line at the end", bytes(`${HEADER}\n${GOOD}\n`, "x".repeat(3 * MIB)), 2],
    [
      "an unterminated quote",
      bytes(`${HEADER}\n"u1,t1,2024-06-25 10:00:00\n${GOOD}\n${GOOD}\n`),
      3,
    ],
    [
      "each reason",
      bytes(`${HEADER}\n,t,x\nu,,x\nu,t,\nu,t,x\nu,t\nu,t,2024-06-25 10:00:00,\n${GOOD}\n`),
      7,
    ],
  ])("%s", async (_, file, records) => {
    await using zone = await bench();
    const [verdict] = await zone.take([{ dataset: "streams", bytes: file }], lenient);
    expect(verdict).toMatchObject({
      ...expected("streams", file),
      records: BigInt(records),
      refused: null,
    });
    expect(zone.zone.streams.reduce((sum, one) => sum + one.records, 0n)).toBe(verdict?.accepted);
  });

  test("quoted records of several lines, in a catalogue", async () => {
    const songs = csv(
      "songs",
      't1,"A ""q"" B","Two',
      'lines",One,10,pop',
      '"t2',
      "t3,,,,30,jazz",
      "t4,,,,x,jazz",
    );
    await using zone = await bench();
    const [verdict] = await zone.take([{ dataset: "songs", bytes: songs }], lenient);
    expect(verdict).toMatchObject({ ...expected("songs", bytes(songs)), refused: null });
    expect(verdict?.accepted).toBe(2n);
  });

  test("many sources in one intake, each with its own columns", async () => {
    await using zone = await bench();
    const drops: Drop[] = Array.from({ length: 9 }, (_, i) => ({
      dataset: "streams",
      bytes: `listen_time,extra,track_id,user_id\n2024-06-25 10:00:0${i},x,t1,u1\n${"bad\n".repeat(i)}`,
    }));
    drops.push({ dataset: "users", bytes: csv("users", "u1,,,,") });
    const verdicts = await zone.take(drops, lenient);
    expect(verdicts.map(({ sourceId }) => sourceId)).toEqual(drops.map((_, i) => `source-${i}`));
    expect(verdicts.map(({ records, accepted }) => [records, accepted])).toEqual([
      ...Array.from({ length: 9 }, (_, i) => [BigInt(i) + 1n, 1n]),
      [1n, 1n],
    ]);
  });
});

describe("gzip", () => {
  const plain = `${HEADER}\n${GOOD}\n${GOOD}x\n`;
  const file = (data: Uint8Array): Drop => ({
    dataset: "streams",
    bytes: data,
    compression: "gzip",
    head: plain,
  });

  test("of one member or several is read as what it holds", async () => {
    await using zone = await bench();
    const members = bytes(gzipSync(plain.slice(0, 35)), gzipSync(""), gzipSync(plain.slice(35)));
    const verdicts = await zone.take([file(gzipSync(plain)), file(members)]);
    for (const { records, accepted, refused } of verdicts) {
      expect([records, accepted, refused]).toEqual([2n, 1n, null]);
    }
  });

  test("that is damaged is refused, and its neighbour is not", async () => {
    await using zone = await bench();
    const whole = gzipSync(plain);
    const damaged = [whole.subarray(0, -9), bytes(whole, new Uint8Array(512)), bytes(whole, "x")];
    const verdicts = await zone.take([...damaged.map(file), file(whole)]);
    expect(verdicts.map(({ refused }) => refused?.code ?? null)).toEqual([
      "DAMAGED_GZIP",
      "DAMAGED_GZIP",
      "DAMAGED_GZIP",
      null,
    ]);
    expect(verdicts[1]?.refused?.message).toContain("512 bytes follow the last member");
    expect(zone.zone.streams.map(({ records }) => records)).toEqual([1n]);
  });

  test("that swells beyond the limit is left at once", async () => {
    await using zone = await bench();
    const bomb = gzipSync(bytes(plain, "x\n".repeat(10_000_000)));
    expect(bomb.length).toBeLessThan(100_000);
    const [verdict] = await zone.take([file(bomb)], { maxSourceBytes: 1_000_000 });
    expect(verdict).toMatchObject({ records: 0n, accepted: 0n, refused: { code: "TOO_LARGE" } });
    expect(zone.zone.streams).toEqual([]);
  });
});

describe("too many bad rows", () => {
  const mixed = (good: number, bad: number) =>
    csv(
      "streams",
      ...Array.from({ length: good }, () => GOOD),
      ...Array.from({ length: bad }, () => "u1,,x"),
    );

  test("refuse the file when they are more than the ratio, not when they are as many", async () => {
    await using zone = await bench();
    const verdicts = await zone.take([
      { dataset: "streams", bytes: mixed(5, 5) },
      { dataset: "streams", bytes: mixed(4, 6) },
      { dataset: "streams", bytes: mixed(0, 0) },
    ]);
    expect(verdicts.map(({ refused }) => refused?.code ?? null)).toEqual([
      null,
      "TOO_MANY_BAD_ROWS",
      null,
    ]);
    expect(verdicts[1]).toMatchObject({
      records: 10n,
      accepted: 4n,
      quarantined: { "missing:track_id": 6n },
    });
    expect(verdicts[1]?.refused?.message).toContain("6 bad records of 10 (missing:track_id 6)");
    expect(zone.zone.streams.reduce((sum, { records }) => sum + records, 0n)).toBe(5n);
  });
});

// Of the last one as many records are accepted as of a good file with as many lines.
test.each(["", "u1,t1,2024-06-25 10:00:00\n", "u1,t1,2024-06-25 10:00:00\nbad\n"])(
  "a copy without the header that was read from the file is told: %j",
  async (bytes) => {
    await using zone = await bench();
    for (const dataset of ["streams", "users"] as const) {
      const drop = { dataset, bytes, head: csv(dataset) };
      await expect(zone.take([drop])).rejects.toMatchObject({ code: "STATE_CORRUPT" });
    }
  },
);

test("sources that are refused leave the others' rows of their dates", async () => {
  await using zone = await bench();
  const day = (n: number) => `2024-06-2${n} 10:00:00`;
  await zone.take([
    { dataset: "streams", bytes: csv("streams", `u1,t1,${day(5)}`, `u1,t1,${day(6)}`) },
    { dataset: "streams", bytes: csv("streams", `u2,t1,${day(5)}`, "x", "y") },
    { dataset: "streams", bytes: csv("streams", `u3,t1,${day(7)}`, "x", "y") },
  ]);
  expect(zone.zone.streams.map(({ partition, records }) => [partition, records])).toEqual([
    [{ date: "2024-06-25" }, 1n],
    [{ date: "2024-06-26" }, 1n],
  ]);
  const { rows } = await zone.compute(["2024-06-25", "2024-06-26", "2024-06-27"]);
  expect(rows["GENRE_KPIS"]).toEqual([]);
});
