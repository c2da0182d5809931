import { type ChecksumAlgorithm, checksumAlgorithm } from "../checksums.ts";
import { notImplemented, S3Error } from "../errors.ts";
import type { ChecksumType } from "../records.ts";
import type { S3Request } from "../request.ts";

/** `x-amz-checksum-algorithm`: the checksum that an upload or a copy is to have. */
export function readAlgorithm({ headers }: S3Request): ChecksumAlgorithm | undefined {
  const name = headers.get("x-amz-checksum-algorithm");
  if (name === undefined) return undefined;
  const algorithm = checksumAlgorithm(name);
  if (algorithm === undefined) throw notImplemented(`the checksum ${name}`);
  return algorithm;
}

/**
 * `x-amz-checksum-type`: of the whole object, or of the checksums of its parts. Left out, it is S3's default.
 * @throws {S3Error} `InvalidRequest` where S3 does not offer the pair
 */
export function readChecksumType(
  { headers }: S3Request,
  algorithm: ChecksumAlgorithm | undefined,
): ChecksumType | undefined {
  const type = headers.get("x-amz-checksum-type")?.toUpperCase();
  if (algorithm === undefined) {
    if (type === undefined) return undefined;
    throw refused("x-amz-checksum-type needs an x-amz-checksum-algorithm.");
  }
  if (type === undefined) return algorithm === "crc64nvme" ? "FULL_OBJECT" : "COMPOSITE";
  const isOffered =
    (type === "FULL_OBJECT" && algorithm.startsWith("crc")) ||
    (type === "COMPOSITE" && algorithm !== "crc64nvme");
  if (isOffered) return type;
  throw refused(`The ${type} checksum type cannot be used with the ${algorithm} algorithm.`);
}

const refused = (why: string) => new S3Error("InvalidRequest", {}, why);
