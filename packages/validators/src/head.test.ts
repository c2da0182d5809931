import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import type { Dataset } from "@topline/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_HEADER_BYTES, MAX_LINE_BYTES } from "./dialect.ts";
import { validator } from "./head.ts";

async function* chunked(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const check = (
  dataset: Dataset,
  content: string | Uint8Array,
  compression: "none" | "gzip" = "none",
  size = 1 << 16,
) => validator.checkHead(dataset, chunked(Buffer.from(content), size), compression);

const streams = "user_id,track_id,listen_time";
const codeOf = async (...given: Parameters<typeof check>) => {
  const verdict = await check(...given);
  return verdict.ok ? verdict.head.record : verdict.code;
};

test("a header in any order, with extra columns, in quotes and blanks", async () => {
  const record = 'id, listen_time\t,"user_id","a ""b""",track_id,id';
  expect(await check("streams", `\ufeff\r\n\n${record}\r\n1,2`)).toEqual({
    ok: true,
    head: {
      record,
      width: 6,
      positions: { user_id: 2, track_id: 4, listen_time: 1 },
      extraColumns: ["id", 'a "b"', "id"],
    },
  });
});

test.each(["\n", "\r", "\r\n", ""])(
  "the header may end at %j, whatever the chunks",
  async (end) => {
    for (const size of [1, 2, 3, streams.length, streams.length + 1]) {
      expect(
        await codeOf("streams", `\ufeff${end}${streams}${end}${end && "x,y"}`, "none", size),
      ).toBe(end === "" ? streams : streams);
    }
  },
);

test("takes no more of a file than the verdict needs", async () => {
  let taken = 0;
  async function* endless() {
    for (;;) {
      taken++;
      yield Buffer.from(`${streams}\nu,t,x\n`);
    }
  }
  expect((await validator.checkHead("streams", endless(), "none")).ok).toBe(true);
  expect(taken).toBe(1);
});

test("a fault of the body is thrown on", async () => {
  const fault = new Error("the network is gone");
  async function* failing() {
    yield gzipSync("user_id,").subarray(0, 12);
    throw fault;
  }
  for (const compression of ["none", "gzip"] as const) {
    await expect(validator.checkHead("streams", failing(), compression)).rejects.toBe(fault);
  }
});

describe("refused", () => {
  test.each(["", "\ufeff", "\n\r\n\r", "\ufeff\n"])("EMPTY_FILE: %j", async (content) => {
    expect(await codeOf("streams", content)).toBe("EMPTY_FILE");
    expect(await codeOf("streams", gzipSync(content), "gzip")).toBe("EMPTY_FILE");
  });

  test.each([
    ["a PNG", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], "PNG"],
    ["an Excel workbook", [0x50, 0x4b, 0x03, 0x04, 0x14], "Excel"],
    ["gzip", [...gzipSync("x")], "gzip"],
    ["UTF-16 with a mark", [...Buffer.from("\ufeffuser_id", "utf16le")], "UTF-16"],
    ["UTF-16 without one", [...Buffer.from("user_id", "utf16le")], "byte 1"],
    ["Latin-1", [0x0a, 0x61, 0x2c, 0xe9, 0x2c], "Latin-1"],
    ["Latin-1, its place", [0x0a, 0x61, 0x2c, 0xe9, 0x2c], "byte 3 "],
    ["a cut-off character", [0x61, 0xc3], "byte 1 "],
    ["a control character", [0xef, 0xbb, 0xbf, 0x61, 0x07], "0x07 at byte 4 "],
    ["no line end in sight", [...Buffer.alloc(MAX_LINE_BYTES + 1, "x")], "longer than 1048576"],
  ])("NOT_TEXT: %s", async (_, bytes, hint) => {
    expect(await check("streams", Uint8Array.from(bytes))).toMatchObject({
      code: "NOT_TEXT",
      message: expect.stringContaining(hint),
    });
  });

  test("NOT_TEXT of an endless line without reading on", async () => {
    let taken = 0;
    async function* endless() {
      for (;;) {
        taken += 65_536;
        yield Buffer.alloc(65_536, "x");
      }
    }
    const verdict = await validator.checkHead("streams", endless(), "none");
    expect(verdict).toMatchObject({ code: "NOT_TEXT" });
    expect(taken).toBeLessThanOrEqual(MAX_LINE_BYTES + 65_536);
  });

  test.each([
    ["user_id,track_id", "listen_time"],
    ["user_id,track_id,Listen_Time", "upper and lower case"],
    ["user_id;track_id;listen_time", "commas"],
    ['user_id,track_id,listen_time,"x', "malformed"],
    ["x".repeat(MAX_HEADER_BYTES + 1), "… "],
  ])("MISSING_COLUMN: %s", async (header, hint) => {
    expect(await check("streams", `${header}\n1,2,3`)).toMatchObject({
      code: "MISSING_COLUMN",
      message: expect.stringContaining(hint.trim()),
    });
  });

  test("messages stay short, however wide the header", async () => {
    const verdict = await check("songs", Array.from({ length: 20_000 }, (_, i) => `c${i}`).join());
    expect(verdict).toMatchObject({ message: expect.stringContaining("20000 columns") });
    expect(verdict.ok ? 0 : verdict.message.length).toBeLessThan(500);
  });

  test("DUPLICATE_COLUMN for a column of the contract, before HEADER_TOO_LONG", async () => {
    expect(await codeOf("streams", `${streams}, user_id\n`)).toBe("DUPLICATE_COLUMN");
    const long = "x".repeat(MAX_HEADER_BYTES);
    expect(await codeOf("streams", `${streams},user_id,${long}\n`)).toBe("DUPLICATE_COLUMN");
  });

  test("HEADER_TOO_LONG over 64 KiB, in bytes", async () => {
    const filler = (bytes: number) => `${streams},${"é".repeat(bytes / 2)}`;
    const longest = `${filler(MAX_HEADER_BYTES - 30)}x`;
    expect(Buffer.byteLength(longest)).toBe(MAX_HEADER_BYTES);
    expect(await codeOf("streams", `${longest}\n`)).toBe(longest);
    expect(await codeOf("streams", `${longest}x\n`)).toBe("HEADER_TOO_LONG");
  });
});

describe("a header of several lines", () => {
  const users = "user_id,user_name,user_age,user_country,created_at";

  test("is one record; lines that are set aside are invisible to it", async () => {
    const verdict = await check("users", `${users},"a\r\n\r\nbad\0\r${"-\n".repeat(61)}b"\n1`);
    expect(verdict).toMatchObject({
      ok: true,
      head: { width: 6, extraColumns: [`a\n${"-\n".repeat(61)}b`] },
    });
  });

  test("of too many lines, or without its end, names no columns", async () => {
    expect(await codeOf("users", `${users},"a\n${"-\n".repeat(63)}b"\n`)).toBe("MISSING_COLUMN");
    expect(await codeOf("users", `${users},"a\n`)).toBe("MISSING_COLUMN");
    expect(await codeOf("users", `${users},"a\n${"x".repeat(MAX_LINE_BYTES)}\n"\n`)).toBe(
      "MISSING_COLUMN",
    );
  });

  test("is not known in streams", async () => {
    expect(await codeOf("streams", `${streams},"a\nb"\n`)).toBe("MISSING_COLUMN");
  });
});

describe("gzip", () => {
  const content = `${streams}\n${Array.from({ length: 5000 }, (_, i) => `u${i * 7919},t${i},x`).join("\n")}`;
  const whole = gzipSync(content);

  test("is undone, member by member, whatever the chunks", async () => {
    const members = Buffer.concat([
      gzipSync(""),
      gzipSync("\ufeffuser_id,tra"),
      gzipSync("ck_id,listen_time\n"),
    ]);
    for (const size of [1, 7, 1000]) {
      expect(await codeOf("streams", whole, "gzip", size)).toBe(streams);
      expect(await codeOf("streams", members, "gzip", size)).toBe(streams);
    }
  });

  test("damaged after its header passes", async () => {
    const wrongCrc = Buffer.from(gzipSync(`${streams}\nu,t,x`));
    wrongCrc[wrongCrc.length - 8] = (wrongCrc[wrongCrc.length - 8] ?? 0) ^ 1;
    for (const bytes of [
      whole.subarray(0, whole.length >> 1),
      wrongCrc,
      gzipSync(`${streams}\nu`).subarray(0, -8),
      Buffer.concat([gzipSync(`${streams}\n`), Buffer.from("garbage")]),
    ]) {
      expect(await codeOf("streams", bytes, "gzip")).toBe(streams);
    }
  });

  test.each([
    ["no gzip at all", Buffer.from(`${streams}\n`)],
    ["a single byte", Buffer.of(0x1f)],
    ["cut off in the header", gzipSync(streams, { level: 0 }).subarray(0, 30)],
    ["a header whose end never comes", gzipSync(streams).subarray(0, -8)],
    ["the beginning of garbage", Buffer.concat([whole.subarray(0, 10), Buffer.alloc(50, 0xff)])],
  ])("DAMAGED_GZIP: %s", async (_, bytes) => {
    expect(await codeOf("streams", bytes, "gzip")).toBe("DAMAGED_GZIP");
  });

  test("without a byte is empty", async () => {
    expect(await codeOf("streams", "", "gzip")).toBe("EMPTY_FILE");
  });

  test("bytes after an empty member are no header", async () => {
    const garbage = Buffer.concat([gzipSync(""), Buffer.alloc(3), Buffer.from("garbage")]);
    expect(await codeOf("streams", garbage, "gzip")).toBe("EMPTY_FILE");
  });
});

test("any cut of gzip ends in a verdict, and only the header's loss refuses it", async () => {
  const bytes = gzipSync(`${streams}\nu,t,x\n`);
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length), fc.integer({ min: 1, max: 64 }), async (cut, size) => {
      const found = await codeOf("streams", bytes.subarray(0, cut), "gzip", size);
      expect([streams, cut === 0 ? "EMPTY_FILE" : "DAMAGED_GZIP"]).toContain(found);
    }),
    { numRuns: 100 },
  );
});
