import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { type Answer, quoted, xml } from "../answers.ts";
import {
  base64,
  CHECKSUM_ALGORITHMS,
  checksum,
  checksumElement,
  checksumHeader,
} from "../checksums.ts";
import { requireWritable } from "../conditions.ts";
import { digestSegments } from "../digests.ts";
import { S3Error } from "../errors.ts";
import { readDocument } from "../payload.ts";
import { type PartRecord, type Segment, type StoredChecksum, timestamp } from "../records.ts";
import type { S3Request } from "../request.ts";
import type { State, Upload } from "../state.ts";
import { element, nodes, optional, text, type XmlNode, xmlDocument } from "../xml.ts";
import { commitObject } from "./put-object.ts";
import { readPartNumber, uploadOf } from "./uploads.ts";

/** S3: every part but the last has at least 5 MiB. */
const SMALLEST_PART = 5 * 1024 ** 2;

/** The object is the list of its parts' files: nothing is joined, and it appears by one change. */
export async function completeUpload(state: State, request: S3Request): Promise<Answer> {
  uploadOf(state, request);
  const document = await readDocument(withoutObjectChecksums(request), "CompleteMultipartUpload");
  const { bucket, upload } = uploadOf(state, request);
  requireWritable(upload.key, state.bucket(bucket).objects.get(upload.key), request.headers);
  const parts = readParts(document, upload);
  const segments = parts.flatMap((part) => part.segments);

  state.files.hold(segments);
  try {
    const checksum = await checksumOf(state, upload, parts, segments);
    requireClaimed(request, parts, checksum);
    // Reading took time: the upload may have been completed or aborted.
    uploadOf(state, request);
    const etag = multipartETag(parts);
    const object = {
      key: upload.key,
      size: parts.reduce((sum, part) => sum + part.size, 0),
      etag,
      modified: timestamp(),
      headers: upload.headers,
      metadata: upload.metadata,
      checksum,
      segments,
    };
    commitObject(state, bucket, request, object, upload.id);
    return xml(
      xmlDocument("CompleteMultipartUploadResult", [
        element("Location", `/${bucket}/${encodeURIComponent(upload.key)}`),
        element("Bucket", bucket),
        element("Key", upload.key),
        element("ETag", quoted(etag)),
        checksum && element(checksumElement(checksum.algorithm), checksum.value),
        optional("ChecksumType", checksum?.type),
      ]),
    );
  } finally {
    state.files.release(segments);
  }
}

/** Here, `x-amz-checksum-…` tells of the object that is to be, not of the request's body. */
function withoutObjectChecksums(request: S3Request): S3Request {
  const headers = new Map(request.headers);
  for (const algorithm of CHECKSUM_ALGORITHMS) headers.delete(checksumHeader(algorithm));
  return { ...request, headers };
}

/** @throws {S3Error} `MalformedXML`, `InvalidPartOrder`, `InvalidPart`, `EntityTooSmall` */
function readParts(document: XmlNode, upload: Upload): PartRecord[] {
  const listed = nodes(document, "Part");
  if (listed.length === 0) throw new S3Error("MalformedXML");
  let previous = 0;
  const parts = listed.map((node) => {
    const number = readPartNumber(text(node, "PartNumber")?.trim() ?? "");
    if (number <= previous) throw new S3Error("InvalidPartOrder", { UploadId: upload.id });
    previous = number;
    return findPart(node, upload, number);
  });
  for (const { number, size, etag } of parts.slice(0, -1)) {
    if (size >= SMALLEST_PART) continue;
    throw new S3Error("EntityTooSmall", {
      ProposedSize: String(size),
      MinSizeAllowed: String(SMALLEST_PART),
      PartNumber: String(number),
      ETag: etag,
    });
  }
  return parts;
}

function findPart(node: XmlNode, upload: Upload, number: number): PartRecord {
  const etag = text(node, "ETag")
    ?.trim()
    .replace(/^"(.*)"$/, "$1");
  const part = upload.parts.get(number);
  if (etag === undefined) throw new S3Error("MalformedXML");
  requirePartChecksum(node, upload, number);
  const isSame =
    part?.etag === etag &&
    CHECKSUM_ALGORITHMS.every((algorithm) => {
      const value = text(node, checksumElement(algorithm))?.trim();
      if (value === undefined) return true;
      // S3 takes a part for another when it is named with a checksum that its upload was not to have.
      if (upload.algorithm === undefined) return false;
      return part.checksum?.algorithm !== algorithm || part.checksum.value === value;
    });
  if (part !== undefined && isSame) return part;
  throw new S3Error("InvalidPart", {
    UploadId: upload.id,
    PartNumber: String(number),
    ETag: etag,
  });
}

/** A checksum of checksums is made of those that the client names. @throws {S3Error} `InvalidRequest` */
function requirePartChecksum(
  node: XmlNode,
  { algorithm, checksumType }: Upload,
  number: number,
): void {
  if (algorithm === undefined || checksumType !== "COMPOSITE") return;
  if (text(node, checksumElement(algorithm)) !== undefined) return;
  throw new S3Error(
    "InvalidRequest",
    {},
    `The upload was created using a ${algorithm} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
  );
}

/** MD5 over the MD5s of the parts, and their number. */
function multipartETag(parts: readonly PartRecord[]): string {
  const hash = createHash("md5");
  for (const { etag } of parts) hash.update(Buffer.from(etag, "hex"));
  return `${hash.digest("hex")}-${parts.length}`;
}

async function checksumOf(
  state: State,
  { algorithm, checksumType }: Upload,
  parts: readonly PartRecord[],
  segments: readonly Segment[],
): Promise<StoredChecksum | undefined> {
  if (algorithm === undefined || checksumType === undefined) return undefined;
  if (checksumType === "FULL_OBJECT") {
    const whole = await digestSegments(state.files, segments, algorithm);
    return whole.checksum && { ...whole.checksum, type: "FULL_OBJECT" };
  }
  const composite = checksum(algorithm);
  for (const part of parts) composite.update(Buffer.from(part.checksum?.value ?? "", "base64"));
  return { algorithm, value: `${base64(composite.digest())}-${parts.length}`, type: "COMPOSITE" };
}

/** What the client says about the object as a whole. @throws {S3Error} `BadDigest`, `InvalidRequest` */
function requireClaimed(
  { headers }: S3Request,
  parts: readonly PartRecord[],
  checksum: StoredChecksum | undefined,
): void {
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const claimed = headers.get(checksumHeader(algorithm));
    if (claimed === undefined) continue;
    if (
      checksum?.algorithm !== algorithm ||
      withoutCount(checksum.value) !== withoutCount(claimed)
    ) {
      throw new S3Error(
        "BadDigest",
        {},
        `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
      );
    }
  }
  const type = headers.get("x-amz-checksum-type");
  if (type !== undefined && type.toUpperCase() !== checksum?.type) {
    throw new S3Error(
      "InvalidRequest",
      {},
      `The upload was created using the ${checksum?.type ?? "default"} checksum type; the complete request must use the same checksum type, not ${type}.`,
    );
  }
  const claimedSize = headers.get("x-amz-mp-object-size");
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (claimedSize !== undefined && Number(claimedSize) !== size) {
    throw new S3Error(
      "InvalidRequest",
      {},
      `The provided 'x-amz-mp-object-size' header value ${claimedSize} does not match what was computed: ${size}`,
    );
  }
}

const withoutCount = (value: string) => value.replace(/-\d+$/, "");
