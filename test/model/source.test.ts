import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { drop, songs, streams, STREAMS_HEADER, users } from "./drops.ts";
import { type Drop, emptyModel } from "./model.ts";

const T1 = "t1,Ann,First,One,1000,pop";
const T2 = "t2,Bob,First,Two,250,pop";
const SOME_USERS = users("u1,Una,30,France,2024-01-01", "u2,Duo,40,Spain,2024-01-02");

describe("records", () => {
  const verdictOf = (file: Drop) =>
    emptyModel({ maxQuarantineRatio: 1 })
      .run({
        intake: 1n,
        files: [
          SOME_USERS,
          ...(file.key.includes("songs") ? [] : [songs(T1)]),
          ...(file.key.includes("streams") ? [] : [streams("x")]),
          file,
        ],
      })
      .files.at(-1);
  const ofStreams = (content: string | Uint8Array) => verdictOf(drop("streams/a.csv", content));
  const OK = "u1,t1,2024-06-25 10:00:00";

  test.each([
    ["LF", `${STREAMS_HEADER}\n${OK}\n${OK}\n`],
    ["CR", `${STREAMS_HEADER}\r${OK}\r${OK}`],
    ["CRLF", `${STREAMS_HEADER}\r\n${OK}\r\n${OK}\r\n`],
    ["all of them, with empty lines", `${STREAMS_HEADER}\r\r\n${OK}\n\r${OK}\n\n`],
    ["a BOM", `\ufeff${STREAMS_HEADER}\n${OK}\n${OK}`],
    [
      "another order, extra columns, quotes",
      `"x", listen_time ,user_id,"track_id"\n,2024-06-25 10:00:00,u1,t1\n"a""b,c",\t"2024-06-25 10:00:00",u1,t1`.replace(
        "\t",
        "",
      ),
    ],
  ])("are read with %s", (_, content) => {
    expect(ofStreams(content)).toMatchObject({ rows: 2n, accepted: 2n, quarantined: {} });
  });

  test.each([
    ["malformed", "u1,t1"],
    ["malformed", `${OK},`],
    ["malformed", 'u1,t"1,2024-06-25 10:00:00'],
    ["malformed", ' "u1",t1,2024-06-25 10:00:00'],
    ["malformed", '"u1,t1,2024-06-25 10:00:00'],
    ["malformed", `${OK}\u0001`],
    ["malformed", "   "],
    ["missing:user_id", " ,t1,2024-06-25 10:00:00"],
    ["missing:track_id", "u1,\t,nonsense"],
    ["missing:listen_time", 'u1,t1,""'],
    ["invalid:user_id", `${"u".repeat(256)},,`],
    ["invalid:track_id", `u1,${"\u{1f3b5}".repeat(256)},x`],
    ["invalid:listen_time", "u1,t1,2024-06-25"],
    ["invalid:listen_time", "u1,t1,2024-06-25 24:00:00"],
    ["invalid:listen_time", "u1,t1,2024-06-25 10:00:60"],
    ["invalid:listen_time", "u1,t1,2023-02-29 10:00:00"],
    ["invalid:listen_time", "u1,t1,1969-12-31 23:59:59"],
    ["invalid:listen_time", "u1,t1,2024-06-25 10:00:00.1234567"],
    ["invalid:listen_time", "u1,t1,2024-06-25 10:00:00+00:00"],
    ["invalid:listen_time", "u1,t1,2024-06-25 10:00:00."],
    ["invalid:listen_time", STREAMS_HEADER],
  ])("of streams are %s: %s", (reason, record) => {
    expect(ofStreams(`${STREAMS_HEADER}\n${OK}\n${record}\n${OK}`)).toMatchObject({
      rows: 3n,
      accepted: 2n,
      quarantined: { [reason]: 1n },
    });
  });

  test.each([
    `${"\u{1f3b5}".repeat(255)},t1,2024-02-29 00:00:00`,
    "u1,t1,2000-02-29T23:59:59.1Z",
    "u1,t1,9999-12-31 23:59:59.999999",
    "u1,\u00a0,1970-01-01 00:00:00",
  ])("of streams are accepted: %s", (record) => {
    expect(ofStreams(`${STREAMS_HEADER}\n${record}`)).toMatchObject({ rows: 1n, accepted: 1n });
  });

  test.each([
    [{}, "t1,,,,0,pop"],
    [{}, "t1,,,,0086400000,pop"],
    [{ "invalid:duration_ms": 1n }, "t1,,,,86400001,pop"],
    [{ "invalid:duration_ms": 1n }, "t1,,,,1.0,pop"],
    [{ "invalid:duration_ms": 1n }, "t1,,,,+1,pop"],
    [{ "invalid:duration_ms": 1n }, "t1,,,,\u0661,pop"],
    [{ "missing:duration_ms": 1n }, "t1,,,,,"],
    [{ "missing:track_genre": 1n }, "t1,,,,1,"],
    [{ "invalid:artists": 1n }, `t1,${"a".repeat(2049)},,,,`],
    [{ "invalid:track_genre": 1n }, `t1,${"a".repeat(2048)},,,1,${"g".repeat(256)}`],
    [{ malformed: 1n }, `t1,"a\nb,,,1,pop`],
  ])("of songs: %o in %s", (quarantined, record) => {
    const verdict = verdictOf(songs(record));
    // The last one is two lines that stand alone: the first is malformed, the second has four fields.
    const expected = record.includes("\n") ? { malformed: 2n } : quarantined;
    expect(verdict).toMatchObject({ outcome: "taken", quarantined: expected });
  });

  test.each([
    [{}, "u1,,,,"],
    [{}, "u1,,0150,,0001-01-01"],
    [{ "invalid:user_age": 1n }, "u1,,151,,x"],
    [{ "invalid:created_at": 1n }, "u1,,,,0000-01-01"],
    [{ "invalid:created_at": 1n }, "u1,,,,1900-02-29"],
    [{ "missing:user_id": 1n }, ",,,,"],
  ])("of users: %o in %s", (quarantined, record) => {
    expect(verdictOf(users(record))).toMatchObject({ outcome: "taken", quarantined });
  });

  test("of songs run over line ends inside quotes, those of streams do not", () => {
    const twoLines = 't1,"Ann\r\n\r\nand Bob",,One,1,pop';
    expect(verdictOf(songs(twoLines, T2))).toMatchObject({ rows: 2n, accepted: 2n });
    expect(ofStreams(`${STREAMS_HEADER}\n"u\n1",t1,2024-06-25 10:00:00\n${OK}`)).toMatchObject({
      rows: 3n,
      accepted: 1n,
      quarantined: { malformed: 2n },
    });
  });

  test("of songs join at most 64 lines, and lines set aside are not among them", () => {
    const joined = (between: number) =>
      verdictOf(songs(`t1,"a`, ...Array.from({ length: between }, () => "x"), `b",,,1,pop`, T2));
    expect(joined(62)).toMatchObject({ rows: 2n, accepted: 2n });
    // Neither end finds a partner in reach: 65 records that are malformed, and t2.
    expect(joined(63)).toMatchObject({ rows: 66n, accepted: 1n, quarantined: { malformed: 65n } });
    expect(verdictOf(songs(`t1,"a`, "x\u0000", `b",,,1,pop`))).toMatchObject({
      rows: 2n,
      accepted: 1n,
      quarantined: { malformed: 1n },
    });
  });

  test("of songs begin anew at the next odd line when a join fails", () => {
    const far = Array.from({ length: 63 }, (_, i) => `f${i},,,,1,pop`);
    expect(verdictOf(songs('broken"', ...far, 't1,"a', 'b",,,1,pop'))).toMatchObject({
      rows: 65n,
      accepted: 64n,
      quarantined: { malformed: 1n },
    });
  });

  test("longer than 1 MiB are malformed", () => {
    const line = (bytes: number) => `${"u".repeat(bytes - OK.length)}${OK}`;
    expect(
      ofStreams(`${STREAMS_HEADER}\n${line(1_048_576)}\r\n${line(1_048_577)}\n`),
    ).toMatchObject({
      quarantined: { "invalid:user_id": 1n, malformed: 1n },
    });
  });

  test("that are not UTF-8 are malformed", () => {
    const bytes = Uint8Array.from([
      ...new TextEncoder().encode(`${STREAMS_HEADER}\n${OK}`),
      0xed,
      0xa0,
      0x80,
    ]);
    expect(ofStreams(bytes)).toMatchObject({ rows: 1n, quarantined: { malformed: 1n } });
  });
});

describe("files", () => {
  const ready = [SOME_USERS, songs(T1)];
  const zipped = gzipSync(`${STREAMS_HEADER}\nu1,t1,2024-06-25 10:00:00\n`);
  const limits = { maxSourceBytes: 200 };

  test.each([
    ["EMPTY_FILE", "a.csv", ""],
    ["EMPTY_FILE", "a.csv", "\ufeff\r\n\n"],
    ["NOT_TEXT", "a.csv", Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])],
    ["MISSING_COLUMN", "a.csv", "user_id,track_id,Listen_time,user_id"],
    ["DUPLICATE_COLUMN", "a.csv", `${STREAMS_HEADER}, user_id`],
    ["HEADER_TOO_LONG", "a.csv", `${STREAMS_HEADER},${"x".repeat(65_536)}`],
    ["TOO_LARGE", "a.csv", `${STREAMS_HEADER}\n${"x".repeat(200)}`],
    ["TOO_MANY_BAD_ROWS", "a.csv", `${STREAMS_HEADER}\nx\nx\nu1,t1,2024-06-25 10:00:00`],
    ["DAMAGED_GZIP", "a.csv.gz", zipped.subarray(0, -1)],
    ["DAMAGED_GZIP", "a.csv.gz", zipped.subarray(0, -9)],
    ["DAMAGED_GZIP", "a.csv.gz", Uint8Array.from([...zipped, 0])],
    ["DAMAGED_GZIP", "a.csv.gz", zipped.subarray(0, 22)],
    ["DAMAGED_GZIP", "a.csv.gz", new TextEncoder().encode(STREAMS_HEADER)],
    ["MISSING_COLUMN", "a.csv.gz", gzipSync(`user_id\n${"x\n".repeat(99)}`).subarray(0, -8)],
    ["EMPTY_FILE", "a.csv.gz", ""],
    ["EMPTY_FILE", "a.csv.gz", gzipSync("")],
    ["DAMAGED_GZIP", "a.csv.gz", broken(zipped, -5)],
    ["DAMAGED_GZIP", "a.csv.gz", broken(zipped, -1)],
  ])("are refused: %s %s", (code, name, content) => {
    const model = emptyModel(limits);
    const { status, files } = model.run({
      intake: 1n,
      files: [...ready, drop(`streams/${name}`, content), streams("good")],
    });
    expect(status).toBe("succeeded");
    expect(files.map(({ outcome }) => outcome)).toEqual(["taken", "taken", "refused", "taken"]);
    expect(files[2]).toMatchObject({ code });
    expect(model.figures()).toEqual([]);
  });

  test("may have half of their records bad, no record, or several gzip members", () => {
    const model = emptyModel();
    const { files } = model.run({
      intake: 1n,
      files: [
        ...ready,
        drop("streams/half.csv", `${STREAMS_HEADER}\nx\nu1,t1,2024-06-25 10:00:00`),
        drop("streams/none.csv", STREAMS_HEADER),
        drop(
          "streams/two.csv.gz",
          Uint8Array.from([...zipped, ...gzipSync("u2,t1,2024-06-25 10:00:00")]),
        ),
      ],
    });
    expect(files.slice(2)).toMatchObject([
      { outcome: "taken", rows: 2n, accepted: 1n },
      { outcome: "taken", rows: 0n, accepted: 0n },
      { outcome: "taken", rows: 2n, accepted: 2n },
    ]);
  });

  test("wait in the inbox while a dataset is missing; refused ones leave", () => {
    const model = emptyModel();
    const broken = drop("songs.csv", "track_id\nt1");
    const listen = streams("a", "u1,t1,2024-06-25 10:00:00");
    expect(model.run({ intake: 1n, files: [broken, listen] })).toMatchObject({
      status: "waiting",
      waitingFor: ["songs", "users"],
      files: [{ outcome: "refused", code: "MISSING_COLUMN" }, { outcome: "left" }],
    });
    expect(model.figures()).toEqual([]);

    expect(model.run({ intake: 2n, files: [...ready, listen] }).status).toBe("succeeded");
    // What the zone has need not arrive again.
    expect(model.run({ intake: 3n, files: [broken] })).toMatchObject({
      status: "succeeded",
      files: [{ outcome: "refused" }],
    });
    expect(model.tables().GENRE_KPIS).toMatchObject([{ listen_count: 1n }]);
  });

  test("of other names are left alone", () => {
    const keys = ["user.csv", "songs.CSV", "streamsx/a.csv", "streams/a.txt", "users.csv.bak"];
    const { status, files } = emptyModel().run({
      intake: 1n,
      files: keys.map((key) => drop(key, STREAMS_HEADER)),
    });
    expect(status).toBe("nothing-to-do");
    expect(files.every(({ outcome }) => outcome === "ignored")).toBe(true);
  });
});

/** The bytes with one bit turned over, `place` counted from the end. */
function broken(bytes: Uint8Array, place: number): Uint8Array {
  return bytes.map((byte, i) => (i === bytes.length + place ? byte ^ 1 : byte));
}
