import { notImplemented, S3Error } from "./errors.ts";
import type { ObjectRecord } from "./records.ts";
import type { S3Request } from "./request.ts";

type Headers = S3Request["headers"];

/**
 * RFC 9110, section 13.2.2, for GET and HEAD.
 * @returns whether the reader has the object already
 * @throws {S3Error} `PreconditionFailed`
 */
export function isUnchanged(object: ObjectRecord, headers: Headers): boolean {
  const failed = failedCondition(object, headers, "");
  if (failed === undefined) return false;
  if (failed === "If-None-Match" || failed === "If-Modified-Since") return true;
  throw new S3Error("PreconditionFailed", { Condition: failed });
}

/** The same conditions on the source of a copy. @throws {S3Error} `PreconditionFailed` */
export function requireCopyable(source: ObjectRecord, headers: Headers): void {
  const failed = failedCondition(source, headers, "x-amz-copy-source-");
  if (failed === undefined) return;
  throw new S3Error("PreconditionFailed", { Condition: `x-amz-copy-source-${failed}` });
}

/**
 * `If-None-Match: *` and `If-Match: <etag>` on whatever puts an object.
 * @throws {S3Error} `PreconditionFailed`; `NoSuchKey` when the object to replace is not there
 */
export function requireWritable(
  key: string,
  present: ObjectRecord | undefined,
  headers: Headers,
): void {
  const noneMatch = headers.get("if-none-match");
  const match = headers.get("if-match");
  if (noneMatch !== undefined && noneMatch.trim() !== "*") {
    throw notImplemented("If-None-Match with anything but * on a write");
  }
  if (noneMatch !== undefined && present !== undefined) {
    throw new S3Error("PreconditionFailed", { Condition: "If-None-Match" });
  }
  if (match !== undefined) requireMatch(key, present, match);
}

/** @throws {S3Error} `PreconditionFailed`, `NoSuchKey` */
export function requireMatch(key: string, present: ObjectRecord | undefined, match: string): void {
  if (present === undefined) throw new S3Error("NoSuchKey", { Key: key });
  if (!names(match, present.etag)) {
    throw new S3Error("PreconditionFailed", { Condition: "If-Match" });
  }
}

/** Whether an ETag condition, a list or `*`, names the ETag. Clients leave the quotes out at times. */
export const names = (condition: string, etag: string) =>
  condition
    .split(",")
    .map((one) => one.trim())
    .some((one) => one === "*" || one.replace(/^"(.*)"$/, "$1") === etag);

function failedCondition(
  { etag, modified }: ObjectRecord,
  headers: Headers,
  prefix: "" | "x-amz-copy-source-",
): string | undefined {
  const match = headers.get(`${prefix}if-match`);
  const unmodifiedSince = readDate(headers.get(`${prefix}if-unmodified-since`));
  if (match !== undefined) {
    if (!names(match, etag)) return "If-Match";
  } else if (unmodifiedSince !== undefined && modified > unmodifiedSince) {
    return "If-Unmodified-Since";
  }
  const noneMatch = headers.get(`${prefix}if-none-match`);
  const modifiedSince = readDate(headers.get(`${prefix}if-modified-since`));
  if (noneMatch !== undefined) {
    if (names(noneMatch, etag)) return "If-None-Match";
  } else if (modifiedSince !== undefined && modified <= modifiedSince) {
    return "If-Modified-Since";
  }
  return undefined;
}

/** A date that is none is no condition, as RFC 9110 has it. */
function readDate(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? undefined : time;
}
