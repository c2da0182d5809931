import { Buffer } from "node:buffer";
import { type Answer, isoTime, quoted, xml } from "../answers.ts";
import { invalidArgument } from "../errors.ts";
import { type Entry, listPage, nameOf } from "../listing.ts";
import type { ObjectRecord } from "../records.ts";
import { bucketOf, type S3Request } from "../request.ts";
import type { State } from "../state.ts";
import { element, type Markup, optional, xmlDocument } from "../xml.ts";
import { readEncoding, readLimit } from "./list-options.ts";
import { OWNER } from "./owner.ts";

export async function listObjectsV2(state: State, request: S3Request): Promise<Answer> {
  const { query } = request;
  const { name, objects } = state.bucket(bucketOf(request));
  if (query.get("list-type") !== "2") {
    throw invalidArgument("list-type", query.get("list-type") ?? "");
  }
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter");
  const token = query.get("continuation-token");
  const startAfter = query.get("start-after");
  const limit = readLimit(request, "max-keys");
  const { type, write } = readEncoding(request);
  const resume = token === undefined ? undefined : readToken(token);

  const { entries, isTruncated } = listPage(objects, {
    prefix,
    delimiter,
    after: resume?.after ?? startAfter,
    skips: (commonPrefix) => commonPrefix === resume?.commonPrefix,
    limit,
  });
  const last = entries.at(-1);
  return xml(
    xmlDocument("ListBucketResult", [
      element("Name", name),
      element("Prefix", write(prefix)),
      optional("StartAfter", startAfter && write(startAfter)),
      optional("ContinuationToken", token),
      isTruncated && last !== undefined
        ? element("NextContinuationToken", tokenAfter(last))
        : undefined,
      element("KeyCount", entries.length),
      element("MaxKeys", limit),
      optional("Delimiter", delimiter && write(delimiter)),
      optional("EncodingType", type),
      element("IsTruncated", isTruncated),
      ...contents(entries, write, query.get("fetch-owner") === "true"),
    ]),
  );
}

/** The first version. A marker within a common prefix skips that prefix. */
export async function listObjects(state: State, request: S3Request): Promise<Answer> {
  const { query } = request;
  const { name, objects } = state.bucket(bucketOf(request));
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter");
  const marker = query.get("marker");
  const limit = readLimit(request, "max-keys");
  const { type, write } = readEncoding(request);

  const { entries, isTruncated } = listPage(objects, {
    prefix,
    delimiter,
    after: marker,
    skips: (commonPrefix) => marker?.startsWith(commonPrefix) === true,
    limit,
  });
  const last = entries.at(-1);
  return xml(
    xmlDocument("ListBucketResult", [
      element("Name", name),
      element("Prefix", write(prefix)),
      element("Marker", write(marker ?? "")),
      isTruncated && last !== undefined && delimiter
        ? element("NextMarker", write(nameOf(last)))
        : undefined,
      element("MaxKeys", limit),
      optional("Delimiter", delimiter && write(delimiter)),
      optional("EncodingType", type),
      element("IsTruncated", isTruncated),
      ...contents(entries, write, true),
    ]),
  );
}

function contents(
  entries: readonly Entry[],
  write: (key: string) => string,
  withOwner: boolean,
): Markup[] {
  const markup = entries.map((entry) =>
    "object" in entry
      ? element("Contents", [...describe(entry.object, write), withOwner ? OWNER : undefined])
      : element("CommonPrefixes", [element("Prefix", write(entry.commonPrefix))]),
  );
  return markup;
}

function describe(
  { key, modified, etag, size, checksum }: ObjectRecord,
  write: (key: string) => string,
): (Markup | undefined)[] {
  return [
    element("Key", write(key)),
    element("LastModified", isoTime(modified)),
    element("ETag", quoted(etag)),
    optional("ChecksumAlgorithm", checksum?.algorithm.toUpperCase()),
    optional("ChecksumType", checksum?.type),
    element("Size", size),
    element("StorageClass", "STANDARD"),
  ];
}

interface Resumption {
  readonly after: string;
  readonly commonPrefix?: string;
}

function tokenAfter(entry: Entry): string {
  const resumption: Resumption =
    "object" in entry
      ? { after: entry.object.key }
      : { after: entry.commonPrefix, commonPrefix: entry.commonPrefix };
  return Buffer.from(JSON.stringify(resumption)).toString("base64url");
}

function readToken(token: string): Resumption {
  try {
    const read = JSON.parse(Buffer.from(token, "base64url").toString()) as Partial<Resumption>;
    const { after, commonPrefix } = read;
    if (typeof after === "string")
      return commonPrefix === undefined ? { after } : { after, commonPrefix };
  } catch {
    // Not ours: answered like any other wrong token.
  }
  throw invalidArgument(
    "continuation-token",
    token,
    "The continuation token provided is incorrect",
  );
}
