import { type Answer, isoTime, quoted, xml } from "../answers.ts";
import { checksumElement, type ChecksumAlgorithm } from "../checksums.ts";
import { requireWritable } from "../conditions.ts";
import { readDescription } from "../descriptions.ts";
import { digestSegments } from "../digests.ts";
import { invalidArgument, notImplemented, S3Error } from "../errors.ts";
import { type ObjectRecord, timestamp } from "../records.ts";
import { objectOf, type S3Request } from "../request.ts";
import type { State } from "../state.ts";
import { element, optional, xmlDocument } from "../xml.ts";
import { readAlgorithm } from "./checksum-choice.ts";
import { type CopySource, findCopySource } from "./copy-source.ts";
import { commitObject } from "./put-object.ts";

/** S3: what is larger is copied as an upload, part by part. */
const LARGEST_SOURCE = 5 * 1024 ** 3;

/** No byte is copied: the files of an object never change, so the copy shares its source's. */
export async function copyObject(state: State, request: S3Request): Promise<Answer> {
  const { bucket, key } = objectOf(request);
  requireWritable(key, state.bucket(bucket).objects.get(key), request.headers);
  const source = findCopySource(state, request);
  const replaces = readDirective(request);
  requireChange(source, { bucket, key }, replaces);
  const { headers, metadata } = replaces ? readDescription(request) : source.object;
  const { segments, size } = source.object;

  state.files.hold(segments);
  try {
    const object: ObjectRecord = {
      key,
      size,
      modified: timestamp(),
      headers,
      metadata,
      segments,
      ...(await identify(state, source.object, readAlgorithm(request))),
    };
    commitObject(state, bucket, request, object);
    return xml(
      xmlDocument("CopyObjectResult", [
        element("LastModified", isoTime(object.modified)),
        element("ETag", quoted(object.etag)),
        object.checksum &&
          element(checksumElement(object.checksum.algorithm), object.checksum.value),
        optional("ChecksumType", object.checksum?.type),
      ]),
    );
  } finally {
    state.files.release(segments);
  }
}

function readDirective({ headers }: S3Request): boolean {
  const directive = headers.get("x-amz-metadata-directive") ?? "COPY";
  if (directive !== "COPY" && directive !== "REPLACE") {
    throw invalidArgument("x-amz-metadata-directive", directive, "Unknown metadata directive.");
  }
  if ((headers.get("x-amz-tagging-directive") ?? "COPY") !== "COPY") {
    throw notImplemented("object tags");
  }
  return directive === "REPLACE";
}

function requireChange(
  source: CopySource,
  target: { bucket: string; key: string },
  replaces: boolean,
): void {
  if (source.object.size > LARGEST_SOURCE) {
    throw new S3Error(
      "InvalidRequest",
      {},
      `The specified copy source is larger than the maximum allowable size for a copy source: ${LARGEST_SOURCE}`,
    );
  }
  if (replaces || source.bucket !== target.bucket || source.object.key !== target.key) return;
  throw new S3Error(
    "InvalidRequest",
    {},
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
  );
}

type Identity = Pick<ObjectRecord, "etag" | "checksum">;

/** A copy is one piece, however its source was made: its ETag is its MD5. The bytes are read only where needed. */
async function identify(
  state: State,
  source: ObjectRecord,
  algorithm: ChecksumAlgorithm | undefined,
): Promise<Identity> {
  const wanted = algorithm ?? source.checksum?.algorithm;
  const isPlain = !source.etag.includes("-");
  const hasChecksum =
    source.checksum?.algorithm === wanted && source.checksum?.type !== "COMPOSITE";
  if (isPlain && hasChecksum) return { etag: source.etag, checksum: source.checksum };

  const { md5, checksum } = await digestSegments(state.files, source.segments, wanted);
  return { etag: md5, checksum: checksum && { ...checksum, type: "FULL_OBJECT" } };
}
