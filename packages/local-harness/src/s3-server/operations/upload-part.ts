import { type Answer, isoTime, quoted, xml } from "../answers.ts";
import { checksumElement } from "../checksums.ts";
import { readClaims } from "../claims.ts";
import { slice } from "../data-files.ts";
import { digestSegments } from "../digests.ts";
import { S3Error } from "../errors.ts";
import { openPayload, type Verified } from "../payload.ts";
import { readCopyRange } from "../ranges.ts";
import { type Segment, timestamp } from "../records.ts";
import type { S3Request } from "../request.ts";
import type { State, Upload } from "../state.ts";
import { element, xmlDocument } from "../xml.ts";
import { findCopySource } from "./copy-source.ts";
import { checksumHeaders } from "./put-object.ts";
import { readPartNumber, uploadOf } from "./uploads.ts";

const LARGEST_PART = 5 * 1024 ** 3;

export async function uploadPart(state: State, request: S3Request): Promise<Answer> {
  const { upload } = uploadOf(state, request);
  readPartNumber(request.query.get("partNumber") ?? "");
  requireSameAlgorithm(upload, request);
  const payload = openPayload(request, upload.algorithm);
  const segments = await state.files.write(payload.chunks);
  try {
    const verified = payload.verified();
    commitPart(state, request, segments, verified);
    return {
      status: 200,
      headers: { ETag: quoted(verified.md5), ...checksumHeaders(verified.checksum) },
    };
  } finally {
    state.files.release(segments);
  }
}

/** The part shares the files of its source; its bytes are read for their MD5 alone. */
export async function uploadPartCopy(state: State, request: S3Request): Promise<Answer> {
  const { upload } = uploadOf(state, request);
  readPartNumber(request.query.get("partNumber") ?? "");
  const { object } = findCopySource(state, request);
  const range = readCopyRange(request.headers.get("x-amz-copy-source-range"), object.size);
  const size = range === undefined ? object.size : range.last - range.first + 1;
  if (size > LARGEST_PART) {
    throw new S3Error(
      "InvalidRequest",
      {},
      `The specified copy source is larger than the maximum allowable size for a copy source: ${LARGEST_PART}`,
    );
  }
  const segments =
    range === undefined ? object.segments : slice(object.segments, range.first, range.last);

  state.files.hold(segments);
  try {
    const verified = await digestSegments(state.files, segments, upload.algorithm);
    const modified = commitPart(state, request, segments, verified);
    return xml(
      xmlDocument("CopyPartResult", [
        element("LastModified", isoTime(modified)),
        element("ETag", quoted(verified.md5)),
        verified.checksum &&
          element(checksumElement(verified.checksum.algorithm), verified.checksum.value),
      ]),
    );
  } finally {
    state.files.release(segments);
  }
}

/** A part of an upload that ended meanwhile is no part of anything. */
function commitPart(
  state: State,
  request: S3Request,
  segments: readonly Segment[],
  { size, md5, checksum }: Verified,
): number {
  const { bucket, upload } = uploadOf(state, request);
  const number = readPartNumber(request.query.get("partNumber") ?? "");
  const modified = timestamp();
  const part = { number, size, etag: md5, modified, checksum, segments };
  state.commit({ op: "part", bucket, upload: upload.id, part });
  return modified;
}

function requireSameAlgorithm({ algorithm }: Upload, request: S3Request): void {
  const claimed = readClaims(request).checksum?.algorithm;
  if (algorithm === undefined || claimed === undefined || claimed === algorithm) return;
  throw new S3Error(
    "InvalidRequest",
    {},
    `Checksum Type mismatch occurred, expected checksum Type: ${algorithm}, actual checksum Type: ${claimed}`,
  );
}
