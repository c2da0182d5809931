import type { z } from "zod";
import { ToplineError } from "./errors.ts";
import { toJson } from "./json.ts";
import type { ObjectStore } from "./ports/object-store.ts";

/** JSON documents in the bucket: parsed and checked once, here. */

/** @throws {ToplineError} `STATE_CORRUPT` when the object is not such a document */
export async function readDocument<T>(
  store: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const text = await readText(store, key);
  if (text === undefined) return undefined;
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw corrupt(key, "it is not JSON", error);
  }
  const parsed = schema.safeParse(found);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw corrupt(key, `at ${issue?.path.join(".") || "its top"}: ${issue?.message}`, parsed.error);
}

export async function writeDocument(
  store: ObjectStore,
  key: string,
  document: unknown,
  options: { readonly ifNoneMatch?: "*" } = {},
): Promise<void> {
  const bytes = new TextEncoder().encode(`${toJson(document, 2)}\n`);
  await store.put(key, bytes, { contentType: "application/json", ...options });
}

async function readText(store: ObjectStore, key: string): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    const { body } = await store.get(key);
    for await (const chunk of body) text += decoder.decode(chunk, { stream: true });
  } catch (error) {
    if (ToplineError.is(error, "OBJECT_NOT_FOUND")) return undefined;
    throw error;
  }
  return text + decoder.decode();
}

function corrupt(key: string, what: string, cause: unknown): ToplineError {
  return new ToplineError(
    "STATE_CORRUPT",
    `${key} is not the document that Topline writes there: ${what}.`,
    { cause },
  );
}
