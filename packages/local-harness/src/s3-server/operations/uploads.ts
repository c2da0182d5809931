import { randomBytes } from "node:crypto";
import { type Answer, xml } from "../answers.ts";
import { readDescription } from "../descriptions.ts";
import { invalidArgument } from "../errors.ts";
import { timestamp } from "../records.ts";
import { objectOf, type S3Request } from "../request.ts";
import type { State, Upload } from "../state.ts";
import { element, xmlDocument } from "../xml.ts";
import { readAlgorithm, readChecksumType } from "./checksum-choice.ts";

const MOST_PARTS = 10_000;

export async function createUpload(state: State, request: S3Request): Promise<Answer> {
  const { bucket, key } = objectOf(request);
  state.bucket(bucket);
  const id = randomBytes(16).toString("hex");
  const algorithm = readAlgorithm(request);
  const checksumType = readChecksumType(request, algorithm);
  state.commit({
    op: "begin",
    bucket,
    upload: {
      id,
      key,
      initiated: timestamp(),
      ...readDescription(request),
      algorithm,
      checksumType,
    },
  });
  return xml(
    xmlDocument("InitiateMultipartUploadResult", [
      element("Bucket", bucket),
      element("Key", key),
      element("UploadId", id),
    ]),
    algorithm === undefined || checksumType === undefined
      ? {}
      : {
          "x-amz-checksum-algorithm": algorithm.toUpperCase(),
          "x-amz-checksum-type": checksumType,
        },
  );
}

export async function abortUpload(state: State, request: S3Request): Promise<Answer> {
  const { bucket, upload } = uploadOf(state, request);
  state.commit({ op: "abort", bucket, upload: upload.id });
  return { status: 204 };
}

/** @throws {S3Error} `NoSuchUpload` */
export function uploadOf(state: State, request: S3Request): { bucket: string; upload: Upload } {
  const { bucket, key } = objectOf(request);
  return { bucket, upload: state.upload(bucket, request.query.get("uploadId") ?? "", key) };
}

/** @throws {S3Error} `InvalidArgument` */
export function readPartNumber(text: string): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= MOST_PARTS) return number;
  throw invalidArgument(
    "partNumber",
    text,
    "Part number must be an integer between 1 and 10000, inclusive",
  );
}
