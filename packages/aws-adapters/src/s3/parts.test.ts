import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cut, spans, streamPartSize } from "./parts.ts";

const MiB = 1024 ** 2;

describe("parts", () => {
  test("of a stream grow so that 10,000 of them hold 5 TiB", () => {
    expect(streamPartSize(8 * MiB, 0)).toBe(8 * MiB);
    expect(streamPartSize(8 * MiB, 999)).toBe(8 * MiB);
    expect(streamPartSize(8 * MiB, 1_000)).toBe(16 * MiB);
    let total = 0;
    for (let at = 0; at < 10_000; at++) total += streamPartSize(8 * MiB, at);
    expect(total).toBeGreaterThan(5 * 1024 ** 4);
    expect(streamPartSize(1024 * MiB, 9_999)).toBe(5 * 1024 * MiB);
  });

  test("of a range cover it without gap or overlap", () => {
    expect([...spans(0, -1, 10)]).toEqual([]);
    expect([...spans(3, 3, 10)]).toEqual([{ first: 3, last: 3 }]);
    expect([...spans(5, 24, 10)]).toEqual([
      { first: 5, last: 14 },
      { first: 15, last: 24 },
    ]);
    expect([...spans(5, 25, 10)].at(-1)).toEqual({ first: 25, last: 25 });
  });

  test("are the stream cut at every size asked for, whatever its chunks are", async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(chunks, sizes, async (given, pattern) => {
        const sizeOf = (index: number) => pattern[index % pattern.length] ?? 1;
        const parts = await Array.fromAsync(cut(from(given), sizeOf));
        expect(parts.flatMap((part) => [...part])).toEqual(given.flatMap((chunk) => [...chunk]));
        const lengths = parts.map(({ byteLength }) => byteLength);
        expect(lengths.slice(0, -1)).toEqual(lengths.slice(0, -1).map((_, at) => sizeOf(at)));
        const odd = lengths.filter((length, at) => length < 1 || length > sizeOf(at));
        expect(odd).toEqual([]);
      }),
    );
  });

  test("are made of those that are given back once they have been read", async () => {
    const given = Array.from({ length: 40 }, (_, at) => new Uint8Array(7).fill(at));
    const spare: Uint8Array[] = [];
    const read: number[] = [];
    const memory = new Set<ArrayBufferLike>();
    for await (const part of cut(from(given), () => 20, spare)) {
      read.push(...part);
      if (part.byteLength === 20) memory.add(part.buffer);
      spare.push(part);
    }
    expect(read).toEqual(given.flatMap((chunk) => Array.from(chunk)));
    expect(memory.size).toBe(1);
  });
});

async function* from(chunks: readonly Uint8Array[]) {
  yield* chunks;
}
