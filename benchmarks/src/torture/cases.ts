import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";

/** Inboxes that are too much for a reader that holds a line, a file or a list in memory. */
export interface Case {
  readonly name: string;
  readonly files: readonly HugeFile[];
}

export interface HugeFile {
  readonly key: string;
  /** Made as it is read: none of it lies anywhere before. */
  readonly body: () => AsyncIterable<Uint8Array>;
  readonly expected: Expected;
}

/** What the report must say of the file. Rows are listens that no other row of the case repeats. */
export type Expected =
  | { readonly rejected: string }
  | { readonly rejected: null; readonly accepted: number; readonly malformed: number };

const HEADER = "user_id,track_id,listen_time\n";
const LISTEN_BYTES = 48;
const USERS = 50_000;
/** Of a name and a user's number together. */
const USER_DIGITS = 16;
const PIECE = 2 ** 20;
const GIB = 2 ** 30;

/** As the pipeline has it, unless its configuration says otherwise. */
const MAX_SOURCE_BYTES = 10 * GIB;

export const limitAt = (scale: number): number => Math.ceil(MAX_SOURCE_BYTES / scale);

/**
 * @param scale by which sizes and numbers are divided; 1 is the real thing. What does not grow with it is as large
 * at every scale
 */
export function casesAt(scale: number): Case[] {
  const of = (amount: number) => Math.ceil(amount / scale);
  const stream = (
    name: string,
    body: () => Iterable<Uint8Array | string>,
    expected: Expected,
  ): HugeFile => ({ key: `raw-data/streams/${name}`, body: () => bytesOf(body()), expected });

  return [
    {
      name: "one line of 2 GB",
      files: [
        stream(
          "line.csv",
          function* () {
            yield HEADER + listen("line", 0);
            yield* repeated("x", of(2e9));
            yield `\n${listen("line", 1)}`;
          },
          { rejected: null, accepted: 2, malformed: 1 },
        ),
      ],
    },
    {
      name: "100,000 columns",
      files: [
        stream(
          "header.csv",
          () => [`${HEADER.trimEnd()},${names(100_000)}\n`, listen("header", 0)],
          { rejected: "HEADER_TOO_LONG" },
        ),
        stream(
          "record.csv",
          () => [HEADER, listen("record", 0), `${names(100_000)}\n`, listen("record", 1)],
          { rejected: null, accepted: 2, malformed: 1 },
        ),
      ],
    },
    {
      name: "gzip of more than maxSourceBytes",
      files: [stream("bomb.csv.gz", () => bomb(limitAt(scale)), { rejected: "TOO_LARGE" })],
    },
    {
      name: "a million lines of NUL bytes",
      files: [
        stream("nul.csv", () => nulLines(of(1e6)), {
          rejected: null,
          accepted: of(1e6) + 1,
          malformed: of(1e6),
        }),
      ],
    },
    {
      name: "200 MB of UTF-16",
      files: [stream("utf-16.csv", () => utf16(of(200e6)), { rejected: "NOT_TEXT" })],
    },
    {
      name: "2,000 files of one listen",
      files: Array.from({ length: of(2_000) }, (_, i) =>
        stream(`tiny/${i}.csv`, () => [HEADER, listen("tiny", i)], {
          rejected: null,
          accepted: 1,
          malformed: 0,
        }),
      ),
    },
    {
      name: "one file of 3 GB",
      files: [
        stream("large.csv", () => listens(of(3e9 / LISTEN_BYTES)), {
          rejected: null,
          accepted: of(3e9 / LISTEN_BYTES),
          malformed: 0,
        }),
      ],
    },
  ];
}

/** A line of `LISTEN_BYTES` bytes that no other name and number yields. */
function listen(name: string, number: number): string {
  const user = String(number % USERS).padStart(USER_DIGITS - name.length, "0");
  const track = String(number % 1_000).padStart(3, "0");
  const turn = Math.floor(number / USERS);
  const second = new Date(1000 * Math.floor(turn / 3)).toISOString().slice(11, 19);
  return `${name}-${user},track-${track},2024-06-${25 + (turn % 3)} ${second}\n`;
}

function* listens(count: number): Iterable<string> {
  yield HEADER;
  const lines = Math.floor(PIECE / LISTEN_BYTES);
  for (let at = 0; at < count; at += lines) {
    const length = Math.min(lines, count - at);
    yield Array.from({ length }, (_, i) => listen("large", at + i)).join("");
  }
}

function* nulLines(count: number): Iterable<string> {
  yield HEADER + listen("nul", 0);
  const lines = 10_000;
  for (let at = 0; at < count; at += lines) {
    const length = Math.min(lines, count - at);
    yield Array.from({ length }, (_, i) => `a\0b\n${listen("nul", at + i + 1)}`).join("");
  }
}

function* repeated(character: string, bytes: number): Iterable<Uint8Array> {
  const piece = Buffer.alloc(PIECE, character);
  for (let at = 0; at < bytes; at += PIECE) yield piece.subarray(0, Math.min(PIECE, bytes - at));
}

function* utf16(bytes: number): Iterable<Uint8Array> {
  yield Buffer.from(`\ufeff${HEADER}`, "utf16le");
  const lines = Buffer.from(listen("utf-16", 0).repeat(10_000), "utf16le");
  for (let at = 0; at < bytes; at += lines.length) yield lines;
}

/** Members of a mebibyte each, which compress to a few kilobytes. */
function* bomb(bytes: number): Iterable<Uint8Array> {
  yield gzipSync(HEADER);
  const member = gzipSync(Buffer.alloc(PIECE, listen("bomb", 0)));
  for (let at = 0; at <= bytes; at += PIECE) yield member;
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`).join(",");

async function* bytesOf(parts: Iterable<Uint8Array | string>): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === "string" ? Buffer.from(part) : part;
}
