import { Buffer } from "node:buffer";
import { base64, checksum, type ChecksumAlgorithm } from "./checksums.ts";
import type { DataFiles } from "./data-files.ts";
import type { Verified } from "./payload.ts";
import type { Segment } from "./records.ts";

/** Reads bytes that lie here already, for what tells them: their MD5, and a checksum if one is wanted. */
export async function digestSegments(
  files: DataFiles,
  segments: readonly Segment[],
  algorithm: ChecksumAlgorithm | undefined,
): Promise<Verified> {
  const md5 = checksum("md5");
  const other = algorithm && checksum(algorithm);
  let size = 0;
  for await (const chunk of files.read(segments)) {
    size += chunk.byteLength;
    md5.update(chunk);
    other?.update(chunk);
  }
  return {
    size,
    md5: Buffer.from(md5.digest()).toString("hex"),
    checksum: algorithm && other && { algorithm, value: base64(other.digest()) },
  };
}
