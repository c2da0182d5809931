import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { type Crc64, crc32c, crc64nvme } from "./crc.ts";

/** The checksums that are verified, by their names in headers; S3's XXHash family is not among them. */
export const CHECKSUM_ALGORITHMS = [
  "crc32",
  "crc32c",
  "crc64nvme",
  "sha1",
  "sha256",
  "sha512",
  "md5",
] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

export interface Checksum {
  update(bytes: Uint8Array): void;
  /** Big-endian, as S3 writes it in base64. */
  digest(): Uint8Array;
}

export function checksum(algorithm: ChecksumAlgorithm): Checksum {
  if (algorithm === "crc32") {
    return crc<number>(0, (bytes, value) => crc32(bytes, value), bigEndian);
  }
  if (algorithm === "crc32c") return crc<number>(0, crc32c, bigEndian);
  if (algorithm === "crc64nvme") {
    return crc<Crc64>({ high: 0, low: 0 }, crc64nvme, ({ high, low }) => bigEndian(high, low));
  }
  const hash = createHash(algorithm);
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
}

const LENGTHS: Readonly<Record<ChecksumAlgorithm, number>> = {
  crc32: 4,
  crc32c: 4,
  crc64nvme: 8,
  sha1: 20,
  sha256: 32,
  sha512: 64,
  md5: 16,
};

export const checksumHeader = (algorithm: ChecksumAlgorithm) => `x-amz-checksum-${algorithm}`;

/** `ChecksumCRC32`: the element that carries it in documents. */
export const checksumElement = (algorithm: ChecksumAlgorithm) =>
  `Checksum${algorithm.toUpperCase()}`;

export function checksumAlgorithm(name: string): ChecksumAlgorithm | undefined {
  const lower = name.toLowerCase();
  return CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === lower);
}

export const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

/** Whether the text is base64 of as many bytes as the algorithm yields. */
export const isDigest = (algorithm: ChecksumAlgorithm, text: string) =>
  isBase64(text) && Buffer.from(text, "base64").byteLength === LENGTHS[algorithm];

const isBase64 = (text: string) => Buffer.from(text, "base64").toString("base64") === text;

function crc<T>(
  start: T,
  add: (bytes: Uint8Array, value: T) => T,
  bytesOf: (value: T) => Uint8Array,
): Checksum {
  let value = start;
  return {
    update: (bytes) => {
      value = add(bytes, value);
    },
    digest: () => bytesOf(value),
  };
}

function bigEndian(...words: number[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, at) => bytes.setUint32(at * 4, word));
  return new Uint8Array(bytes.buffer);
}
