import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { type Bench, bench, csv, HEADERS, source, text } from "./drop.ts";

const listen = (user: string, track: string) => `${user},${track},2024-06-25 10:00:00`;

describe("quarantine", () => {
  async function quarantined(
    zone: Bench,
    dataset: "songs" | "streams",
    bytes: string | Uint8Array,
  ) {
    await using session = await zone.open();
    const given = await source(zone.store, { dataset, bytes }, 0);
    await session.ingest([given], { maxSourceBytes: 1e9, maxQuarantineRatio: 1 });
    const keys = await session.writeQuarantine(given.sourceId, "quarantine/source=x/");
    const texts = await Promise.all(keys.map((key) => text(zone, key)));
    const rows = texts
      .join("")
      .split("\n")
      .filter((line) => line !== "");
    return { keys, rows: rows.map((line) => JSON.parse(line) as Record<string, unknown>) };
  }

  test("holds each row that was not accepted: number, reason, and the text as read", async () => {
    await using zone = await bench();
    const file = Buffer.concat([
      Buffer.from(
        `\r\n${HEADERS.streams}\r\n${listen("u", "t")}\r\n\r\n u , ,x \r\nstx\u0002\u0001a\r\n`,
      ),
      Buffer.from([0x61, 0xff, 0x62, 0x0a]),
      Buffer.from(`nul\0\n${HEADERS.streams}\n"open\nü🎵`),
    ]);
    const { keys, rows } = await quarantined(zone, "streams", file);
    expect(keys).toEqual(["quarantine/source=x/part-1.jsonl"]);
    const key = "raw-data/streams-0.csv";
    expect(rows).toEqual([
      { key, record: 2, reason: "missing:track_id", text: " u , ,x " },
      { key, record: 3, reason: "malformed", text: "stx\u0002\u0001a" },
      { key, record: 4, reason: "malformed", text: "a\ufffdb" },
      { key, record: 5, reason: "malformed", text: "nul\0" },
      { key, record: 6, reason: "invalid:listen_time", text: HEADERS.streams },
      { key, record: 7, reason: "malformed", text: '"open' },
      { key, record: 8, reason: "malformed", text: "ü🎵" },
    ]);
  });

  test("counts records, not lines, where a record has several", async () => {
    await using zone = await bench();
    const { rows } = await quarantined(
      zone,
      "songs",
      csv("songs", 't1,"two\nlines",,,1,pop', 't2,"x\ny",,,bad,pop', "t3,,,,1,"),
    );
    expect(rows.map(({ record, reason, text }) => [record, reason, text])).toEqual([
      [2, "invalid:duration_ms", 't2,"x\ny",,,bad,pop'],
      [3, "missing:track_genre", "t3,,,,1,"],
    ]);
  });

  test("of a source without such rows is nothing", async () => {
    await using zone = await bench();
    const { keys } = await quarantined(zone, "streams", csv("streams", listen("u", "t")));
    expect(keys).toEqual([]);
  });
});
