import { Buffer } from "node:buffer";
import { gunzipSync, gzipSync } from "node:zlib";
import type { ChosenRecords, Dataset, RecordFile } from "@topline/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_LINE_BYTES } from "./dialect.ts";
import { validator } from "./head.ts";
import { readRecords } from "./reader.ts";
import { userRecords } from "./user-records.ts";

const STREAMS = "user_id,track_id,listen_time";
const USERS = "user_name,user_id,user_age,user_country,created_at";

async function* chunked(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

interface Reading {
  readonly compression?: RecordFile["compression"];
  /** Of the chunks. */
  readonly size?: number;
}

interface Erased {
  readonly chosen: ChosenRecords;
  readonly bytes: Buffer;
}

async function erase(
  dataset: Dataset,
  userId: string,
  content: Uint8Array | string,
  { compression = "none", size = 1 << 16 }: Reading = {},
): Promise<Erased> {
  const stored = compression === "gzip" ? gzipSync(content) : Buffer.from(content);
  const verdict = await validator.checkHead(dataset, chunked(stored, size), compression);
  if (!verdict.ok) throw new Error(verdict.message);
  const file: RecordFile = { dataset, compression, head: verdict.head };
  const chosen = await userRecords.find(file, userId, chunked(stored, size));
  const left = userRecords.without(file, chosen, chunked(stored, size));
  const bytes = Buffer.concat(await Array.fromAsync(left));
  return { chosen, bytes: compression === "gzip" ? gunzipSync(bytes) : bytes };
}

const textOf = async (...given: Parameters<typeof erase>) =>
  (await erase(...given)).bytes.toString();

describe("of listens", () => {
  const listens = `\ufeff${STREAMS}\r\nu1,t1,x\r\n u2 ,u1,y\r\n\r\n"u1",t1,z\ru10,t1,z\nu1,t1,last`;

  test.each([1, 2, 3, 1000])(
    "those of the user go, whatever the chunks: %i bytes",
    async (size) => {
      const { chosen, bytes } = await erase("streams", "u1", listens, { size });
      expect(chosen).toMatchObject({ records: 3n, isBlanked: false });
      expect(bytes.toString()).toBe(`\ufeff${STREAMS}\r\n u2 ,u1,y\r\n\r\nu10,t1,z\n`);
    },
  );

  test("gzip is undone, and done again", async () => {
    const { bytes } = await erase("streams", "u2", listens, { compression: "gzip" });
    expect(bytes.toString()).toBe(listens.replace(" u2 ,u1,y\r\n", ""));
  });

  test("what is no record by the header goes where the id stands in it by itself", async () => {
    const bad = ["u1", "x,u1", "u1,t1,x,y", '"u1"x,t1,z', "u1x,t1", "xu1,t,x,y"];
    expect(await textOf("streams", "u1", [STREAMS, ...bad].join("\n"))).toBe(
      `${STREAMS}\nu1x,t1\nxu1,t,x,y`,
    );
  });

  test("a line that is no text, or too long to be one, goes where the id is anywhere in it", async () => {
    const long = "x".repeat(MAX_LINE_BYTES);
    const parts = [
      "\0u1",
      "\0u2",
      `${long}u1${long}`,
      `${long}u2${long}`,
      `u1${long}`,
      `${long},u1`,
    ];
    const content = Buffer.concat([
      Buffer.from(`${STREAMS}\n${parts.join("\n")}\n`),
      Buffer.of(0xff, 0x75, 0x31, 0x0a),
    ]);
    const { chosen, bytes } = await erase("streams", "u1", content, { size: 65_537 });
    expect(chosen.records).toBe(5n);
    expect(bytes.equals(Buffer.from(`${STREAMS}\n\0u2\n${long}u2${long}\n`))).toBe(true);
  });

  test("the header stays, and an id may hold whatever an id can", async () => {
    expect(await textOf("streams", "user_id", `${STREAMS}\nuser_id,t1,x`)).toBe(`${STREAMS}\n`);
    const odd = `${STREAMS}\n"a,""b""",t1,x\nb,t1,x\n"a,""b""",t1`;
    expect(await textOf("streams", 'a,"b"', odd)).toBe(`${STREAMS}\nb,t1,x\n`);
  });
});

describe("of users", () => {
  test("a record goes with all its lines, and leaves a line that was set aside among them", async () => {
    const content = `${USERS}\n"Ann\n\0\r\nB",u1,,,\nCy,u2,,,\n`;
    expect(await textOf("users", "u1", content)).toBe(`${USERS}\n\0\r\nCy,u2,,,\n`);
  });

  test("blanks take its place where a quote is broken, so that it reaches no further", async () => {
    const others = Array.from({ length: 63 }, (_, i) => `x,u${i % 2 === 0 ? 1 : 3},,,`).join("\n");
    const content = `${USERS}\n"broken,u2,,,\n${others}\n"Dee\nE",u4,,,\n`;
    const before = readRecords("users", Buffer.from(content)).records;
    const { chosen, bytes } = await erase("users", "u1", content);
    expect(chosen).toMatchObject({ records: 32n, isBlanked: true });
    const after = readRecords("users", bytes).records;
    expect(after).toHaveLength(before.length);
    expect(after.at(-1)).toEqual(before.at(-1));
    expect(bytes.toString()).not.toContain("u1");
  });
});

/** Pieces of files that are as odd as files come, and of a few ids, so that these meet. */
const piece = fc.constantFrom(
  "u1",
  "u2",
  ",",
  ",",
  ",,,",
  '"',
  '""',
  " ",
  "\t",
  "\n",
  "\n",
  "\r\n",
  "\r",
  "\0",
  "é",
  "u1,t1,2024-06-25 10:00:00\n",
  "Ann,u1,,,\n",
);

test.each(["streams", "users"] as const)(
  "of whatever %s, all other records read as they did, and none of the user's is left",
  async (dataset) => {
    const header = dataset === "streams" ? STREAMS : USERS;
    const bodies = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(""));
    await fc.assert(
      fc.asyncProperty(bodies, fc.integer({ min: 1, max: 40 }), async (body, size) => {
        const content = `${header}\n${body}`;
        const { chosen, bytes } = await erase(dataset, "u1", content, { size });
        const before = readRecords(dataset, Buffer.from(content));
        const after = readRecords(dataset, bytes);
        const width = before.header?.fields?.length ?? 0;
        const at = dataset === "streams" ? 0 : 1;
        const isTheirs = ({ fields, text }: (typeof before.records)[number]) =>
          fields === undefined ? userRecords.isOf("u1", text, undefined) : fields[at] === "u1";
        expect(width).toBeGreaterThan(0);
        const kept = before.records.filter((record) => !isTheirs(record)).map(({ text }) => text);
        const left = after.records
          .map(({ text }) => text)
          .filter((text) => !chosen.isBlanked || text.trim() !== "");
        const expected = chosen.isBlanked ? kept.filter((text) => text.trim() !== "") : kept;
        expect(left).toEqual(expected);
        expect(chosen.records).toBe(BigInt(before.records.length - kept.length));
        expect(after.records.filter(isTheirs)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  },
);
