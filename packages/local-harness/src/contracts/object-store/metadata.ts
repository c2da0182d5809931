import { expect } from "vitest";
import type { StoreTest } from "./store-test.ts";
import { bytesOf, LARGE, streamOf, text } from "./content.ts";

const values = {
  plain: "0f1e2d3c4b5a6978",
  punctuation: `a, b; c="d" \\ 'e' <f> & {g}`,
  percent: "100%25 %zz",
  "other-scripts": "Музыка 日本語 é \u{1f3b5}",
  blanks: "  both ends  ",
  lines: "one\ntwo\r\nthree\tfour",
  "looks-like-mail": "=?UTF-8?B?w6k=?=",
  "looks-extended": "UTF-8''%C3%A9",
  long: "é".repeat(300),
};

export function describeMetadata(storeTest: StoreTest): void {
  for (const [name, value] of Object.entries(values)) {
    storeTest(`comes back as it went: ${name}`, async ({ store }) => {
      const metadata = { [name]: value };
      await store.put("a", text("a"), { metadata });
      expect((await store.head("a"))?.metadata).toEqual(metadata);
      expect((await store.get("a")).metadata).toEqual(metadata);
      await store.copy("a", "kept");
      expect((await store.head("kept"))?.metadata).toEqual(metadata);
      await store.copy("kept", "replaced", { metadata: { ...metadata, more: "more" } });
      expect((await store.head("replaced"))?.metadata).toEqual({ ...metadata, more: "more" });
    });
  }

  storeTest("has names in lower case", async ({ store }) => {
    await store.put("a", text("a"), { metadata: { "Source-Id": "One", UPPER: "Two" } });
    const lower = { "source-id": "One", upper: "Two" };
    expect((await store.head("a"))?.metadata).toEqual(lower);
    await store.copy("a", "b", { metadata: { "Other-Name": "Three" } });
    expect((await store.head("b"))?.metadata).toEqual({ "other-name": "Three" });
  });

  storeTest("is none where none was given", async ({ store }) => {
    await store.put("a", text("a"));
    expect((await store.head("a"))?.metadata).toEqual({});
    expect((await store.get("a")).metadata).toEqual({});
  });

  storeTest("goes with large objects too", async ({ store }) => {
    const metadata = { name: values["other-scripts"] };
    await store.put("a", streamOf(bytesOf(LARGE)), { metadata });
    expect((await store.head("a"))?.metadata).toEqual(metadata);
    await store.copy("a", "kept");
    expect((await store.head("kept"))?.metadata).toEqual(metadata);
    await store.copy("a", "replaced", { metadata: { other: "value" } });
    expect((await store.head("replaced"))?.metadata).toEqual({ other: "value" });
  });
}
