import { Buffer } from "node:buffer";
import { createHash, type Hash } from "node:crypto";
import { decodeAwsChunked } from "./aws-chunked.ts";
import {
  base64,
  type Checksum,
  checksum,
  type ChecksumAlgorithm,
  checksumHeader,
} from "./checksums.ts";
import { type BodyClaims, readClaims, requireDigest } from "./claims.ts";
import { notImplemented, S3Error } from "./errors.ts";
import type { S3Request } from "./request.ts";
import { parseDocument, type XmlNode } from "./xml.ts";

/** The most that one PutObject or UploadPart takes (S3: 5 GiB). */
const LARGEST_BODY = 5 * 1024 ** 3;
/** A CompleteMultipartUpload of 10,000 parts, with room for checksums. */
const LARGEST_DOCUMENT = 8 * 1024 ** 2;

/** What is known of a body once it has been read to its end and found to be what was claimed. */
export interface Verified {
  readonly size: number;
  /** Hex. */
  readonly md5: string;
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined;
}

export interface Payload {
  /** The decoded bytes, once. Ends with an S3Error when they are not what was claimed. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** After the last chunk. */
  verified(): Verified;
}

/**
 * The body of an upload. `algorithm` is computed where the client claims no checksum.
 * @throws {S3Error} when the claims about it are malformed, its length is not told, or it is too large
 */
export function openPayload(request: S3Request, algorithm?: ChecksumAlgorithm): Payload {
  const claims = readClaims(request);
  if (claims.length === undefined) {
    if (!claims.isAwsChunked && request.headers.has("transfer-encoding")) {
      throw notImplemented("Transfer-Encoding: chunked for a body of unknown length");
    }
    throw new S3Error("MissingContentLength");
  }
  if (claims.length > LARGEST_BODY) {
    throw new S3Error("EntityTooLarge", {
      ProposedSize: String(claims.length),
      MaxSizeAllowed: String(LARGEST_BODY),
    });
  }
  return receive(request, claims, algorithm);
}

/**
 * An XML body, whole, under the same checks.
 * @throws {S3Error} `MalformedXML`
 */
export async function readDocument(request: S3Request, root: string): Promise<XmlNode> {
  return parseDocument(await readText(request), root);
}

export async function readText(request: S3Request): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of receive(request, readClaims(request)).chunks) {
    size += chunk.byteLength;
    if (size > LARGEST_DOCUMENT) throw new S3Error("MalformedXML");
    parts.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts));
  } catch {
    throw new S3Error("MalformedXML");
  }
}

function receive(request: S3Request, claims: BodyClaims, alsoCompute?: ChecksumAlgorithm): Payload {
  const algorithm = claims.checksum?.algorithm ?? alsoCompute;
  const digests = {
    md5: createHash("md5"),
    sha256: claims.sha256 === undefined ? undefined : createHash("sha256"),
    checksum: algorithm === undefined ? undefined : checksum(algorithm),
  };
  const trailers = new Map<string, string>();
  let verified: Verified | undefined;

  async function* chunks(): AsyncGenerator<Uint8Array> {
    request.letContinue();
    // The connection outlives a body that is refused half-way: the answer still has to go out on it.
    const raw = request.incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
    let size = 0;
    for await (const chunk of claims.isAwsChunked ? decodeAwsChunked(raw, trailers) : raw) {
      size += chunk.byteLength;
      if (claims.length !== undefined && size > claims.length) throw new S3Error("IncompleteBody");
      digests.md5.update(chunk);
      digests.sha256?.update(chunk);
      digests.checksum?.update(chunk);
      yield chunk;
    }
    if (claims.length !== undefined && size !== claims.length) throw new S3Error("IncompleteBody");
    verified = verify(claims, trailers, size, digests, algorithm);
  }

  return {
    chunks: chunks(),
    verified() {
      if (verified === undefined) throw new Error("The body has not been read to its end.");
      return verified;
    },
  };
}

function verify(
  claims: BodyClaims,
  trailers: ReadonlyMap<string, string>,
  size: number,
  digests: { md5: Hash; sha256: Hash | undefined; checksum: Checksum | undefined },
  algorithm: ChecksumAlgorithm | undefined,
): Verified {
  const md5 = digests.md5.digest("hex");
  if (claims.md5 !== undefined && claims.md5 !== md5) {
    throw new S3Error(
      "BadDigest",
      { ExpectedDigest: claims.md5, CalculatedDigest: md5 },
      "The Content-MD5 you specified did not match what we received.",
    );
  }
  const sha256 = digests.sha256?.digest("hex");
  if (claims.sha256 !== sha256) {
    throw new S3Error("XAmzContentSHA256Mismatch", {
      ClientComputedContentSHA256: claims.sha256 ?? "",
      S3ComputedContentSHA256: sha256 ?? "",
    });
  }
  if (algorithm === undefined || digests.checksum === undefined) {
    return { size, md5, checksum: undefined };
  }
  const value = base64(digests.checksum.digest());
  if (claims.checksum !== undefined && claimed(claims.checksum, trailers) !== value) {
    throw new S3Error(
      "BadDigest",
      {},
      `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    );
  }
  return { size, md5, checksum: { algorithm, value } };
}

function claimed(
  { algorithm, value }: NonNullable<BodyClaims["checksum"]>,
  trailers: ReadonlyMap<string, string>,
): string {
  if (value !== undefined) return value;
  const trailer = trailers.get(checksumHeader(algorithm));
  if (trailer === undefined) throw new S3Error("MalformedTrailerError");
  return requireDigest(algorithm, trailer);
}
