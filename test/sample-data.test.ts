import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";

const example = new URL("../examples/music-streaming/", import.meta.url);

const sums = (await readFile(new URL("SHA256SUMS", example), "utf8"))
  .trimEnd()
  .split("\n")
  .map((line) => line.split("  ") as [sum: string, name: string]);

describe("the sample data", () => {
  test("has a sum for each of its files, and a file for each sum", async () => {
    const entries = await readdir(new URL("data/", example), { recursive: true });
    const files = entries.filter((name) => name !== "streams");
    expect(files.sort()).toEqual(sums.map(([, name]) => `${name}.gz`).sort());
    expect(files).toHaveLength(5);
  });

  test.each(sums)("%s is the content of data/%s.gz", async (sum, name) => {
    const content = gunzipSync(await readFile(new URL(`data/${name}.gz`, example)));
    expect(createHash("sha256").update(content).digest("hex")).toBe(sum);
  });

  test("is gzipped without name and time, so that the same content is the same file", async () => {
    for (const [, name] of sums) {
      const head = await readFile(new URL(`data/${name}.gz`, example));
      const [flags, ...time] = head.subarray(3, 8);
      expect({ name, flags, time }).toEqual({ name, flags: 0, time: [0, 0, 0, 0] });
    }
  });
});
