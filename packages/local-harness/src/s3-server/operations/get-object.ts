import type { Answer } from "../answers.ts";
import { isUnchanged, names } from "../conditions.ts";
import { slice } from "../data-files.ts";
import { describe } from "../descriptions.ts";
import { S3Error } from "../errors.ts";
import { type ByteRange, readRange } from "../ranges.ts";
import type { ObjectRecord } from "../records.ts";
import { objectOf, type S3Request } from "../request.ts";
import type { State } from "../state.ts";

/** GetObject and HeadObject: the same answer, with and without the bytes. */
export async function getObject(state: State, request: S3Request): Promise<Answer> {
  const { bucket, key } = objectOf(request);
  const object = state.bucket(bucket).objects.get(key);
  if (object === undefined) throw new S3Error("NoSuchKey", { Key: key });
  if (isUnchanged(object, request.headers)) {
    // Checksums are told of bodies: boto3 checks whatever has one.
    return { status: 304, headers: describe({ ...object, checksum: undefined }, request) };
  }
  const range = rangeOf(object, request);
  const answer = {
    status: range === undefined ? 200 : 206,
    headers: headersOf(object, request, range),
  };
  if (request.method === "HEAD") return answer;

  const segments =
    range === undefined ? object.segments : slice(object.segments, range.first, range.last);
  state.files.hold(segments);
  return {
    ...answer,
    body: state.files.read(segments),
    release: () => state.files.release(segments),
  };
}

/** `If-Range` with another ETag than the object's, or with a date, asks for the whole object. */
function rangeOf(object: ObjectRecord, { headers }: S3Request): ByteRange | undefined {
  const ifRange = headers.get("if-range");
  if (ifRange !== undefined && !names(ifRange, object.etag)) return undefined;
  return readRange(headers.get("range"), object.size);
}

/** The checksum is the whole object's, and is not told of a part. */
function headersOf(
  object: ObjectRecord,
  request: S3Request,
  range: ByteRange | undefined,
): Record<string, string> {
  if (range === undefined) {
    return { ...describe(object, request), "Content-Length": String(object.size) };
  }
  const { first, last } = range;
  return {
    ...describe({ ...object, checksum: undefined }, request),
    "Content-Length": String(last - first + 1),
    "Content-Range": `bytes ${first}-${last}/${object.size}`,
  };
}
