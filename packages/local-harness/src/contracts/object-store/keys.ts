import { ToplineError } from "@topline/core";
import { expect } from "vitest";
import type { StoreTest } from "./store-test.ts";
import { keysOf, read, text } from "./content.ts";

/** What URLs, headers, XML and file systems each treat in their own way. */
const hostileKeys = {
  "a blank": "raw data/my file.csv",
  "blanks at its ends": " lead and trail ",
  "a plus": "a+b+c.csv",
  "percent signs that look encoded": "100%/%2F%20%zz%",
  "an ampersand and markup": `a&b<c>"d'e&amp;.csv`,
  "a colon": "streams:2024-06-25T00:00:00.csv",
  "a fragment and a query": "a#b?c=d&e",
  "a tab": "a\ttab",
  "a carriage return": "carriage\rreturn",
  "a backslash": "a\\b\\..\\c",
  "dots between slashes": "raw/../up/./here/...",
  "a slash first": "/absolute",
  "slashes in a row": "a//b///c",
  "a slash last": "folder/",
  "brackets and braces": "a[1]{2}|^`~(3)*!",
  "other scripts": "música/日本語/Ünïcödé",
  "a decomposed accent": "e\u0301t\u00e9",
  "characters beyond the basic plane": "\u{1f3b5}/\u{10ffff}",
  "as many bytes as S3 allows": `${"0123456789".repeat(60)}/${"é".repeat(211)}x`,
} as const;

const keyWithLineFeed = "line\nfeed";

export function describeKeys(storeTest: StoreTest, lineFeeds: boolean): void {
  const taken = lineFeeds ? { ...hostileKeys, "a line feed": keyWithLineFeed } : hostileKeys;
  for (const [what, key] of Object.entries(taken)) {
    storeTest(`with ${what} are keys like any other`, async ({ store }) => {
      const bytes = text(what);
      const { etag } = await store.put(key, bytes);
      expect(await store.head(key)).toMatchObject({ key, etag, size: bytes.byteLength });
      expect(await read(store, key)).toEqual(bytes);
      expect(await keysOf(store)).toEqual([key]);
      expect(await keysOf(store, key)).toEqual([key]);

      await store.copy(key, "plain", { ifSourceMatch: etag });
      expect(await read(store, "plain")).toEqual(bytes);
      await store.delete(key, { ifMatch: etag });
      expect(await keysOf(store)).toEqual(["plain"]);
      await store.copy("plain", key);
      expect(await read(store, key)).toEqual(bytes);
    });
  }

  if (!lineFeeds) {
    storeTest("with a line feed are refused: the backend knows none", async ({ store }) => {
      await expect(store.put(keyWithLineFeed, text("x"))).rejects.toBeInstanceOf(ToplineError);
      expect(await keysOf(store)).toEqual([]);
    });
  }

  storeTest("that differ are objects that differ, however alike", async ({ store }) => {
    const alike = ["a b", "a+b", "a%20b", "a%2Bb", "A b", "a/b", "a//b", "a/./b", "é", "e\u0301"];
    for (const key of alike) await store.put(key, text(key));
    for (const key of alike) expect(await read(store, key)).toEqual(text(key));
    expect((await keysOf(store)).toSorted()).toEqual(alike.toSorted());
  });
}
