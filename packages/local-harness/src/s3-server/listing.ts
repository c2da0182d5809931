import type { ObjectIndex } from "./object-index.ts";
import type { ObjectRecord } from "./records.ts";

export interface ListingOptions {
  readonly prefix: string;
  readonly delimiter: string | undefined;
  /** Only keys after this one. */
  readonly after: string | undefined;
  /** Common prefixes not to be told: those that an earlier page told. */
  readonly skips: (commonPrefix: string) => boolean;
  readonly limit: number;
}

export type Entry = { readonly object: ObjectRecord } | { readonly commonPrefix: string };

export interface Page {
  readonly entries: readonly Entry[];
  readonly isTruncated: boolean;
}

/** One page, in key order. Costs its own length and a few bisections, whatever the bucket holds. */
export function listPage(index: ObjectIndex, options: ListingOptions): Page {
  const { prefix, delimiter, after, skips, limit } = options;
  const entries: Entry[] = [];
  if (limit === 0) return { entries, isTruncated: false };
  let position = index.firstNotBefore(prefix);
  if (after !== undefined) position = Math.max(position, index.firstAfter(after));
  for (;;) {
    const object = index.at(position);
    if (object === undefined || !object.key.startsWith(prefix)) {
      return { entries, isTruncated: false };
    }
    const commonPrefix = commonPrefixOf(object.key, prefix, delimiter);
    const isTold = commonPrefix !== undefined && skips(commonPrefix);
    if (!isTold && entries.length === limit) return { entries, isTruncated: true };
    if (commonPrefix === undefined) {
      entries.push({ object });
      position++;
    } else {
      if (!isTold) entries.push({ commonPrefix });
      position = index.firstBeyond(commonPrefix);
    }
  }
}

/** The key up to and with the first delimiter behind the prefix. */
export function commonPrefixOf(
  key: string,
  prefix: string,
  delimiter: string | undefined,
): string | undefined {
  if (delimiter === undefined || delimiter === "") return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/** The key or common prefix of an entry. */
export const nameOf = (entry: Entry) => ("object" in entry ? entry.object.key : entry.commonPrefix);
