import { compareCodePoints } from "@topline/core/code-points";
import { type Answer, isoTime, quoted, xml } from "../answers.ts";
import { checksumElement } from "../checksums.ts";
import { commonPrefixOf } from "../listing.ts";
import { bucketOf, type S3Request } from "../request.ts";
import type { State, Upload } from "../state.ts";
import { element, type Markup, optional, xmlDocument } from "../xml.ts";
import { readEncoding, readLimit } from "./list-options.ts";
import { INITIATOR, OWNER } from "./owner.ts";
import { uploadOf } from "./uploads.ts";

export async function listParts(state: State, request: S3Request): Promise<Answer> {
  const { bucket, upload } = uploadOf(state, request);
  const limit = readLimit(request, "max-parts");
  const marker = Number(request.query.get("part-number-marker") ?? 0) || 0;
  const { type, write } = readEncoding(request);
  const parts = [...upload.parts.values()]
    .filter((part) => part.number > marker)
    .sort((a, b) => a.number - b.number);
  const page = parts.slice(0, limit);
  return xml(
    xmlDocument("ListPartsResult", [
      element("Bucket", bucket),
      element("Key", write(upload.key)),
      element("UploadId", upload.id),
      INITIATOR,
      OWNER,
      element("StorageClass", "STANDARD"),
      element("PartNumberMarker", marker),
      element("NextPartNumberMarker", page.at(-1)?.number ?? 0),
      element("MaxParts", limit),
      optional("EncodingType", type),
      element("IsTruncated", page.length < parts.length && limit > 0),
      optional("ChecksumAlgorithm", upload.algorithm?.toUpperCase()),
      optional("ChecksumType", upload.checksumType),
      ...page.map(({ number, modified, etag, size, checksum }) =>
        element("Part", [
          element("PartNumber", number),
          element("LastModified", isoTime(modified)),
          element("ETag", quoted(etag)),
          element("Size", size),
          checksum && element(checksumElement(checksum.algorithm), checksum.value),
        ]),
      ),
    ]),
  );
}

/** By key, then by id. Sorted for each page: uploads under way are few. */
export async function listUploads(state: State, request: S3Request): Promise<Answer> {
  const { query } = request;
  const { name, uploads } = state.bucket(bucketOf(request));
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter");
  const keyMarker = query.get("key-marker") ?? "";
  const idMarker = query.get("upload-id-marker") ?? "";
  const limit = readLimit(request, "max-uploads");
  const { type, write } = readEncoding(request);

  const entries = group(
    [...uploads.values()].filter((upload) => isAfter(upload, keyMarker, idMarker)).sort(inOrder),
    prefix,
    delimiter,
    keyMarker,
  );
  const page = entries.slice(0, limit);
  const last = page.at(-1);
  const isTruncated = page.length < entries.length && limit > 0;
  return xml(
    xmlDocument("ListMultipartUploadsResult", [
      element("Bucket", name),
      element("KeyMarker", write(keyMarker)),
      element("UploadIdMarker", idMarker),
      optional("NextKeyMarker", isTruncated && last ? write(last.name) : undefined),
      optional("NextUploadIdMarker", isTruncated ? last?.upload?.id : undefined),
      element("Prefix", write(prefix)),
      optional("Delimiter", delimiter && write(delimiter)),
      element("MaxUploads", limit),
      optional("EncodingType", type),
      element("IsTruncated", isTruncated),
      ...page.map((entry) => show(entry, write)),
    ]),
  );
}

interface Entry {
  /** Key, or common prefix. */
  readonly name: string;
  readonly upload?: Upload;
}

function group(
  uploads: readonly Upload[],
  prefix: string,
  delimiter: string | undefined,
  keyMarker: string,
): Entry[] {
  const entries: Entry[] = [];
  for (const upload of uploads) {
    if (!upload.key.startsWith(prefix)) continue;
    const commonPrefix = commonPrefixOf(upload.key, prefix, delimiter);
    if (commonPrefix === undefined) entries.push({ name: upload.key, upload });
    else if (commonPrefix !== keyMarker && entries.at(-1)?.name !== commonPrefix) {
      entries.push({ name: commonPrefix });
    }
  }
  return entries;
}

function show({ name, upload }: Entry, write: (key: string) => string): Markup {
  if (upload === undefined) return element("CommonPrefixes", [element("Prefix", write(name))]);
  return element("Upload", [
    element("Key", write(name)),
    element("UploadId", upload.id),
    INITIATOR,
    OWNER,
    element("StorageClass", "STANDARD"),
    element("Initiated", isoTime(upload.initiated)),
    optional("ChecksumAlgorithm", upload.algorithm?.toUpperCase()),
    optional("ChecksumType", upload.checksumType),
  ]);
}

/** Without an upload id, the marker is past every upload of its key. */
function isAfter({ key, id }: Upload, keyMarker: string, idMarker: string): boolean {
  const order = compareCodePoints(key, keyMarker);
  return order > 0 || (order === 0 && idMarker !== "" && id > idMarker);
}

function inOrder(a: Upload, b: Upload): number {
  return compareCodePoints(a.key, b.key) || (a.id < b.id ? -1 : 1);
}
