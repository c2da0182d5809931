import { Buffer } from "node:buffer";
import {
  type ChecksumAlgorithm,
  checksumAlgorithm,
  checksumHeader,
  isDigest,
} from "./checksums.ts";
import { invalidArgument, notImplemented, S3Error } from "./errors.ts";
import type { S3Request } from "./request.ts";

/** What a request says about its body, before a byte of it is read. */
export interface BodyClaims {
  /** Decoded length in bytes; absent where the client need not say. */
  readonly length: number | undefined;
  readonly isAwsChunked: boolean;
  /** Lower-case hex. */
  readonly md5: string | undefined;
  readonly sha256: string | undefined;
  readonly checksum:
    | {
        readonly algorithm: ChecksumAlgorithm;
        /** Base64; absent where it comes in the trailer. */
        readonly value: string | undefined;
      }
    | undefined;
}

const STREAMING = new Set([
  "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
  "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
  "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
]);

/** Headers under `x-amz-checksum-` that name no checksum of the body. */
const NOT_CHECKSUMS = new Set([
  "x-amz-checksum-algorithm",
  "x-amz-checksum-mode",
  "x-amz-checksum-type",
]);

/** @throws {S3Error} when the claims are malformed or contradict each other */
export function readClaims({ headers }: S3Request): BodyClaims {
  const hash = headers.get("x-amz-content-sha256") ?? "UNSIGNED-PAYLOAD";
  const isHash = /^[0-9a-fA-F]{64}$/.test(hash);
  if (!isHash && hash !== "UNSIGNED-PAYLOAD" && !STREAMING.has(hash)) {
    throw invalidArgument("x-amz-content-sha256", hash);
  }
  const decodedLength = headers.get("x-amz-decoded-content-length");
  const isAwsChunked =
    STREAMING.has(hash) || (isEncodedAwsChunked(headers) && decodedLength !== undefined);
  return {
    length: readLength(isAwsChunked ? decodedLength : headers.get("content-length")),
    isAwsChunked,
    md5: readMd5(headers.get("content-md5")),
    sha256: isHash ? hash.toLowerCase() : undefined,
    checksum: readChecksum(headers),
  };
}

const isEncodedAwsChunked = (headers: S3Request["headers"]) =>
  /(^|,)\s*aws-chunked\s*(,|$)/i.test(headers.get("content-encoding") ?? "");

function readLength(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw invalidArgument("Content-Length", text);
  return Number(text);
}

function readMd5(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!isDigest("md5", text)) throw new S3Error("InvalidDigest", { "Content-MD5": text });
  return Buffer.from(text, "base64").toString("hex");
}

function readChecksum(headers: S3Request["headers"]): BodyClaims["checksum"] {
  const announced = (headers.get("x-amz-trailer") ?? "").split(",").map((name) => name.trim());
  const inHeaders = [...headers.keys()].filter(isChecksum);
  const inTrailer = announced.map((name) => name.toLowerCase()).filter(isChecksum);
  const [name, another] = [...inHeaders, ...inTrailer];
  const wanted = headers.get("x-amz-sdk-checksum-algorithm");
  if (another !== undefined) {
    throw new S3Error(
      "InvalidRequest",
      {},
      "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    );
  }
  if (name === undefined) {
    if (wanted === undefined) return undefined;
    throw new S3Error(
      "InvalidRequest",
      {},
      "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
    );
  }
  const algorithm = checksumAlgorithm(name.slice("x-amz-checksum-".length));
  if (algorithm === undefined) throw notImplemented(`the checksum ${name}`);
  if (wanted !== undefined && wanted.toLowerCase() !== algorithm) {
    throw new S3Error(
      "InvalidRequest",
      {},
      "Value for x-amz-sdk-checksum-algorithm header is invalid.",
    );
  }
  const value = headers.get(name);
  return { algorithm, value: value === undefined ? value : requireDigest(algorithm, value) };
}

/** @throws {S3Error} `InvalidRequest` when it cannot be a checksum of that kind */
export function requireDigest(algorithm: ChecksumAlgorithm, value: string): string {
  if (isDigest(algorithm, value)) return value;
  throw new S3Error(
    "InvalidRequest",
    {},
    `Value for ${checksumHeader(algorithm)} header is invalid.`,
  );
}

const isChecksum = (name: string) => name.startsWith("x-amz-checksum-") && !NOT_CHECKSUMS.has(name);
