import { S3Error } from "./errors.ts";

/** First and last byte, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * `Range: bytes=first-last`, `first-` or `-count`. Anything else, several ranges included, is answered with the
 * whole object, as RFC 9110 allows and S3 does.
 * @throws {S3Error} `InvalidRange` when no byte of the object is in it
 */
export function readRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  if (match === null) return undefined;
  const [, from = "", to = ""] = match;
  if (from === "" && to === "") return undefined;
  if (from !== "" && to !== "" && Number(to) < Number(from)) return undefined;
  const first = from === "" ? Math.max(size - Number(to), 0) : Number(from);
  const last = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (first > last) {
    throw new S3Error("InvalidRange", {
      RangeRequested: header ?? "",
      ActualObjectSize: String(size),
    });
  }
  return { first, last };
}

/**
 * `x-amz-copy-source-range: bytes=first-last`: both ends, within the source.
 * @throws {S3Error} `InvalidArgument`
 */
export function readCopyRange(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const match = /^bytes=(\d+)-(\d+)$/.exec(header);
  const first = Number(match?.[1] ?? Number.NaN);
  const last = Number(match?.[2] ?? Number.NaN);
  if (first <= last && last < size) return { first, last };
  throw new S3Error(
    "InvalidArgument",
    { ArgumentName: "x-amz-copy-source-range", ArgumentValue: header },
    `The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy, within the source object of ${size} bytes.`,
  );
}
