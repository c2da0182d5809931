import { Buffer } from "node:buffer";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineSource, ObjectStore } from "@topline/core";
import { expect, test } from "vitest";
import { stageSource } from "../src/duckdb/staging.ts";

const MiB = 1024 ** 2;

/** Lines of every length around what is written at a time, each with its number. */
const lengths = [1, 9, 65_535, 65_536, MiB - 9, MiB - 1, MiB, 2, MiB, 300_000, 3];
const lines = (bytes: number) => {
  const made: Buffer[] = [];
  for (let at = 0, size = 0; size < bytes; at++) {
    const line = Buffer.alloc((lengths[at % lengths.length] ?? 1) + 1, String(at));
    line[line.length - 1] = 0x0a;
    made.push(line);
    size += line.length;
  }
  return Buffer.concat(made);
};

async function* chunksOf(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test.each([
  [5 * MiB, 65_536, 1],
  [5 * MiB, 999, 1],
  [70 * MiB, 3 * MiB, 2],
])("%i bytes of lines, %i at a time, lie whole in %i file(s)", async (bytes, chunk, count) => {
  await using to = await mkdtempDisposable(join(tmpdir(), "topline-staging-"));
  const text = lines(bytes);
  const get = async (key: string) => ({
    key,
    size: text.length,
    etag: `"v1"`,
    lastModified: new Date(0),
    metadata: {},
    body: chunksOf(text, chunk),
  });
  const staged = await stageSource(
    { get } satisfies Pick<ObjectStore, "get">,
    { key: "a", inputKey: "a", compression: "none" } as EngineSource,
    { directory: to.path, name: 1 },
    { maxBytes: Infinity, signal: new AbortController().signal },
  );
  expect(staged).toMatchObject({
    bytes: text.length,
    lines: text.toString("latin1").split("\n").length - 1,
    refused: undefined,
  });
  expect(staged.files).toHaveLength(count);
  const files = await Promise.all(staged.files.map((file) => readFile(file)));
  // Each begins with an empty line and ends with a whole one.
  expect(files.map((file) => [file[0], file.at(-1)])).toEqual(files.map(() => [0x0a, 0x0a]));
  const found = Buffer.concat(files.map((file) => file.subarray(1)));
  expect(found.equals(text)).toBe(true);
});
