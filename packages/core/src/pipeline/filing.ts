import { ToplineError } from "../errors.ts";
import { alternateName } from "../layout.ts";
import type { ObjectStore } from "../ports/object-store.ts";

interface Filing {
  readonly from: string;
  readonly folder: string;
  readonly name: string;
  readonly sourceId: string;
  readonly ifSourceMatch?: string;
}

/**
 * Copies a raw file to its name in `folder` and returns that key. Another source's file is never overwritten:
 * the newcomer gets a name of its own. Where the source's own copy lies there already, nothing is done, so
 * that repeating it, also once `from` is gone, gives the same answer.
 *
 * @throws {ToplineError} `OBJECT_NOT_FOUND` when neither `from` nor a copy of it is there;
 * `OBJECT_CHANGED` when `from` no longer has the ETag
 */
export async function fileAway(store: ObjectStore, filing: Filing): Promise<string> {
  const { from, sourceId, ifSourceMatch } = filing;
  const places = placesOf(filing);
  for (const key of places) {
    const present = await store.head(key);
    if (present?.metadata["source_id"] === sourceId) return key;
    if (present !== undefined) continue;
    await store.copy(from, key, {
      metadata: { source_id: sourceId },
      ...(ifSourceMatch === undefined ? {} : { ifSourceMatch }),
    });
    return key;
  }
  throw new ToplineError(
    "INTERNAL",
    `Every name for source ${sourceId} is taken by another source: ${places.join(", ")}.`,
  );
}

type Place = Pick<Filing, "folder" | "name" | "sourceId">;

/** Where the source's own copy lies, if it was filed there. */
export async function findFiled(store: ObjectStore, place: Place): Promise<string | undefined> {
  for (const key of placesOf(place)) {
    const present = await store.head(key);
    if (present?.metadata["source_id"] === place.sourceId) return key;
  }
  return undefined;
}

/** In the order in which they are tried. */
const placesOf = ({ folder, name, sourceId }: Place): string[] =>
  [name, alternateName(name, sourceId, 8), alternateName(name, sourceId, 16)].map(
    (candidate) => folder + candidate,
  );

export async function deleteAll(store: ObjectStore, prefix: string): Promise<void> {
  for await (const { key } of store.list(prefix)) await store.delete(key);
}
