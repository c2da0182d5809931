import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { invalidArgument, S3Error } from "./errors.ts";

const LONGEST_KEY_BYTES = 1024;

/** A request as S3 reads it: path-style target, decoded; signatures and who asks play no part. */
export interface S3Request {
  readonly id: string;
  readonly method: string;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly query: ReadonlyMap<string, string>;
  /** Names in lower case. What a presigned URL carries as `x-amz-…` in its query is among them. */
  readonly headers: ReadonlyMap<string, string>;
  readonly incoming: IncomingMessage;
  /** Tells a client that waits with `Expect: 100-continue` to send its body. */
  letContinue(): void;
}

/** @throws {S3Error} `BadRequest`, `InvalidURI`, `KeyTooLongError` */
export function readRequest(
  incoming: IncomingMessage,
  id: string,
  letContinue: () => void,
): S3Request {
  if (incoming.headers.host === undefined && incoming.httpVersion === "1.1") {
    throw new S3Error("BadRequest", {}, "An HTTP/1.1 request must name its host.");
  }
  const url = incoming.url ?? "/";
  const mark = url.indexOf("?");
  const query = readQuery(mark < 0 ? "" : url.slice(mark + 1));
  return {
    id,
    method: incoming.method ?? "GET",
    ...readTarget(mark < 0 ? url : url.slice(0, mark)),
    query,
    headers: readHeaders(incoming, query),
    incoming,
    letContinue,
  };
}

/** The path as it came: a client library that tidied `..` or `//` away would name another object. */
function readTarget(path: string): Pick<S3Request, "bucket" | "key"> {
  if (!path.startsWith("/")) throw new S3Error("InvalidURI", { URI: path });
  const slash = path.indexOf("/", 1);
  const bucket = decode(slash < 0 ? path.slice(1) : path.slice(1, slash));
  const key = slash < 0 ? "" : decode(path.slice(slash + 1));
  requireKeyLength(key);
  return {
    bucket: bucket === "" && key === "" ? undefined : bucket,
    key: key === "" ? undefined : key,
  };
}

export function requireKeyLength(key: string): void {
  const size = Buffer.byteLength(key);
  if (size <= LONGEST_KEY_BYTES) return;
  throw new S3Error("KeyTooLongError", {
    Size: String(size),
    MaxSizeAllowed: String(LONGEST_KEY_BYTES),
  });
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Undoes percent-encoding. `encoded` holds a byte a character, as Node's parser hands a request line over.
 * @throws {S3Error} `InvalidURI` when an escape is broken or the bytes are not UTF-8
 */
export function decode(encoded: string): string {
  if (/%(?![0-9a-fA-F]{2})/.test(encoded)) throw new S3Error("InvalidURI", { URI: encoded });
  const bytes = encoded.replace(/%(..)/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  try {
    return utf8.decode(Buffer.from(bytes, "latin1"));
  } catch {
    throw new S3Error("InvalidURI", { URI: encoded }, "The URI is not UTF-8 once decoded.");
  }
}

function readQuery(text: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const [name = "", ...value] = pair.replaceAll("+", "%20").split("=");
    query.set(decode(name), decode(value.join("=")));
  }
  return query;
}

/**
 * Whoever signs a URL does not have the body, and SDKs sign the checksum of an empty one: S3 takes no notice of
 * checksums in a query.
 */
const CHECKSUM_IN_QUERY = /^x-amz-(sdk-checksum-algorithm|checksum-(?!algorithm$|mode$|type$).*)$/i;

function readHeaders(
  incoming: IncomingMessage,
  query: ReadonlyMap<string, string>,
): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of query) {
    if (!/^x-amz-/i.test(name) || CHECKSUM_IN_QUERY.test(name)) continue;
    headers.set(headerName(name), headerValue(name, value));
  }
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  return headers;
}

function headerName(name: string): string {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) throw invalidArgument("query", name);
  return name.toLowerCase();
}

/**
 * Text of a query as the value of a header: its UTF-8 bytes, a character each.
 * @throws {S3Error} `InvalidArgument` when a header cannot hold it
 */
export function headerValue(name: string, value: string): string {
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) throw invalidArgument(name, value);
  return Buffer.from(value, "utf8").toString("latin1");
}

/** Of a request for an object. */
export function objectOf({ bucket, key }: S3Request): { bucket: string; key: string } {
  if (bucket === undefined || key === undefined) throw new S3Error("InvalidURI");
  return { bucket, key };
}

export function bucketOf({ bucket }: S3Request): string {
  if (bucket === undefined) throw new S3Error("InvalidURI");
  return bucket;
}
