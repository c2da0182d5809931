import { S3Error } from "./errors.ts";
import type { Description, ObjectRecord } from "./records.ts";
import { headerValue, type S3Request } from "./request.ts";
import { checksumHeader } from "./checksums.ts";

/** What a producer says about an object, and how it is said again to readers. */

const KEPT = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "expires",
] as const;
const META = "x-amz-meta-";
/** S3's limit over names and values of user metadata. */
const LARGEST_METADATA = 2048;

/** @throws {S3Error} `MetadataTooLarge` */
export function readDescription({ headers }: S3Request): Description {
  const kept = KEPT.map((name) => [name, keptValue(name, headers.get(name))] as const);
  const metadata = [...headers]
    .filter(([name]) => name.startsWith(META))
    .map(([name, value]) => [name.slice(META.length), value] as const);
  const size = metadata.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size > LARGEST_METADATA) {
    throw new S3Error("MetadataTooLarge", {
      Size: String(size),
      MaxSizeAllowed: String(LARGEST_METADATA),
    });
  }
  return {
    headers: Object.fromEntries(
      kept.filter(([, value]) => value !== undefined),
    ) as Description["headers"],
    metadata: Object.fromEntries(metadata),
  };
}

/** `aws-chunked` is how a body travels, not what it is. */
function keptValue(name: (typeof KEPT)[number], value: string | undefined): string | undefined {
  if (name === "content-type") return value ?? "binary/octet-stream";
  if (name !== "content-encoding" || value === undefined) return value;
  const codings = value.split(",").map((coding) => coding.trim());
  const kept = codings.filter((coding) => coding.toLowerCase() !== "aws-chunked");
  return kept.length === 0 ? undefined : kept.join(",");
}

/** The headers of an answer that shows the object, `response-…` parameters of the query put over them. */
export function describe(
  object: ObjectRecord,
  { query, headers }: S3Request,
): Record<string, string> {
  const described: Record<string, string> = {
    ...object.headers,
    ETag: `"${object.etag}"`,
    "Last-Modified": new Date(object.modified).toUTCString(),
    "Accept-Ranges": "bytes",
  };
  for (const [name, value] of Object.entries(object.metadata)) described[META + name] = value;
  for (const name of KEPT) {
    const override = query.get(`response-${name}`);
    if (override !== undefined) described[name] = headerValue(name, override);
  }
  const { checksum } = object;
  if (checksum !== undefined && headers.get("x-amz-checksum-mode")?.toUpperCase() === "ENABLED") {
    described[checksumHeader(checksum.algorithm)] = checksum.value;
    described["x-amz-checksum-type"] = checksum.type;
  }
  return described;
}
