import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { listPage, nameOf } from "./listing.ts";
import { ObjectIndex } from "./object-index.ts";

const record = (key: string) => ({
  key,
  size: 0,
  etag: "",
  modified: 0,
  headers: {},
  metadata: {},
  segments: [],
});

/** What S3's documentation says, done the slow way. */
function expected(
  keys: readonly string[],
  prefix: string,
  delimiter: string | undefined,
): string[] {
  const inOrder = [...new Set(keys)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const names = inOrder
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const at = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
      return at < 0 ? key : key.slice(0, at + (delimiter ?? "").length);
    });
  return [...new Set(names)];
}

function listAll(index: ObjectIndex, prefix: string, delimiter: string | undefined, limit: number) {
  const names: string[] = [];
  for (let last: string | undefined; ; last = names.at(-1)) {
    const page = listPage(index, {
      prefix,
      delimiter,
      after: last,
      skips: (commonPrefix) => commonPrefix === last,
      limit,
    });
    names.push(...page.entries.map(nameOf));
    if (!page.isTruncated) return names;
    expect(page.entries).toHaveLength(limit);
  }
}

/** Few characters, so that keys meet; the last two order otherwise in UTF-16 than in UTF-8. */
const key = fc.string({
  unit: fc.constantFrom("a", "b", "/", "\uffee", "😀"),
  minLength: 1,
  maxLength: 6,
});

test("the pages of a listing are the keys in UTF-8 order, grouped, each once", () => {
  fc.assert(
    fc.property(
      fc.array(key),
      fc.array(key),
      fc.string({ unit: fc.constantFrom("a", "/", "😀"), maxLength: 2 }),
      fc.constantFrom(undefined, "/", "a/"),
      fc.integer({ min: 1, max: 4 }),
      (before, after, prefix, delimiter, limit) => {
        const index = new ObjectIndex();
        for (const name of before) index.set(record(name));
        expect(listAll(index, prefix, delimiter, limit)).toEqual(
          expected(before, prefix, delimiter),
        );
        // From here on the order is kept, not made.
        for (const name of after) index.set(record(name));
        for (const name of before) index.delete(name);
        const left = after.filter((name) => !before.includes(name));
        expect(listAll(index, prefix, delimiter, limit)).toEqual(expected(left, prefix, delimiter));
        expect(index.size).toBe(new Set(left).size);
      },
    ),
    { numRuns: 500 },
  );
});

test("a page that is full to the last key is the last page", () => {
  const index = new ObjectIndex();
  for (const name of ["a/1", "a/2", "b"]) index.set(record(name));
  const page = listPage(index, {
    prefix: "",
    delimiter: "/",
    after: undefined,
    skips: () => false,
    limit: 2,
  });
  expect(page.entries.map(nameOf)).toEqual(["a/", "b"]);
  expect(page.isTruncated).toBe(false);
});
