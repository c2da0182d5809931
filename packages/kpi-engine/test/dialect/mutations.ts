import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Dataset } from "@topline/core";
import * as fc from "fast-check";

/** Files as they come from the real service, with bytes that are not as they were sent. */

const SAMPLE = new URL("../../../../examples/music-streaming/data/", import.meta.url);
const NAMES: Readonly<Record<Dataset, string>> = {
  users: "users.csv.gz",
  songs: "songs.csv.gz",
  streams: "streams/streams1.csv.gz",
};

const LINES = 120;
const LF = 0x0a;

interface Mutation {
  readonly kind: "replace" | "insert" | "delete" | "repeat";
  /** Where, as a part of the body. */
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly length: number;
}

const telling = fc.constantFrom(0x22, 0x22, 0x22, 0x2c, 0x0a, 0x0d, 0x20, 0x09, 0x00, 0xff, 0xc3);
const byte = fc.oneof(telling, fc.nat({ max: 255 }));

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom("replace", "insert", "delete", "repeat"),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  bytes: fc.array(byte, { minLength: 1, maxLength: 4 }).map((all) => Uint8Array.from(all)),
  length: fc.integer({ min: 1, max: 200 }),
});

/** Some lines of the real file behind its header, mutated up to 24 times. */
export function mutatedFiles(dataset: Dataset): fc.Arbitrary<Buffer> {
  const whole = gunzipSync(readFileSync(new URL(NAMES[dataset], SAMPLE)));
  const ends = [...whole.subarray(0, 2 ** 21).entries()]
    .filter(([, value]) => value === LF)
    .map(([at]) => at + 1);
  const header = whole.subarray(0, ends[0]);
  return fc
    .tuple(
      fc.integer({ min: 0, max: ends.length - LINES - 1 }),
      fc.array(mutation, { minLength: 1, maxLength: 24 }),
    )
    .map(([first, mutations]) => {
      const body = whole.subarray(ends[first], ends[first + LINES]);
      return Buffer.concat([header, mutations.reduce(mutated, body)]);
    });
}

function mutated(body: Buffer, { kind, at, bytes, length }: Mutation): Buffer {
  const place = Math.floor(at * body.length);
  const [before, after] = [body.subarray(0, place), body.subarray(place)];
  if (kind === "insert") return Buffer.concat([before, bytes, after]);
  if (kind === "delete") return Buffer.concat([before, after.subarray(length)]);
  if (kind === "repeat") return Buffer.concat([before, after.subarray(0, length), after]);
  return Buffer.concat([before, bytes, after.subarray(bytes.length)]);
}
