import { DATASETS, type Dataset } from "../datasets.ts";
import { type Compression, INBOX, readInboxKey } from "../layout.ts";
import type { ObjectStore, StoredObject } from "../ports/object-store.ts";
import type { Zone } from "../ports/zone.ts";

export interface Arrival extends StoredObject {
  readonly dataset: Dataset;
  readonly compression: Compression;
  readonly name: string;
}

export interface Inbox {
  readonly arrivals: readonly Arrival[];
  /** Keys that are no file of a dataset: left alone. */
  readonly ignored: readonly string[];
}

export async function readInbox(store: ObjectStore, signal?: AbortSignal): Promise<Inbox> {
  const arrivals: Arrival[] = [];
  const ignored: string[] = [];
  for await (const object of store.list(INBOX, signal === undefined ? {} : { signal })) {
    const known = readInboxKey(object.key);
    if (known !== undefined) arrivals.push({ ...object, ...known });
    else if (!isFolderMarker(object)) ignored.push(object.key);
  }
  return { arrivals, ignored };
}

/** Consoles and some clients leave empty objects named like folders. */
const isFolderMarker = ({ key, size }: StoredObject) => key.endsWith("/") && size === 0;

/** The datasets of which neither `arriving` nor the zone has anything. */
export async function missingDatasets(zone: Zone, arriving: Iterable<Dataset>): Promise<Dataset[]> {
  const present = new Set(arriving);
  const missing: Dataset[] = [];
  for (const dataset of DATASETS) {
    if (present.has(dataset)) continue;
    const { files } = await zone.snapshot(dataset);
    if (!files.some((file) => file.records > 0n)) missing.push(dataset);
  }
  return missing;
}
