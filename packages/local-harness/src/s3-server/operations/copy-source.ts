import { requireCopyable } from "../conditions.ts";
import { invalidArgument, notImplemented, S3Error } from "../errors.ts";
import type { ObjectRecord } from "../records.ts";
import { decode, requireKeyLength, type S3Request } from "../request.ts";
import type { State } from "../state.ts";

export interface CopySource {
  readonly bucket: string;
  readonly object: ObjectRecord;
}

/**
 * The object that `x-amz-copy-source` names, as `bucket/key` or `/bucket/key`, percent-encoded, if its conditions
 * hold.
 * @throws {S3Error} `NoSuchBucket`, `NoSuchKey`, `PreconditionFailed`, `InvalidArgument`
 */
export function findCopySource(state: State, { headers }: S3Request): CopySource {
  const header = headers.get("x-amz-copy-source") ?? "";
  if (header.startsWith("arn:")) throw notImplemented("access points as the source of a copy");
  const [encoded = "", version] = header.split("?versionId=");
  if (version !== undefined && version !== "null") throw notImplemented("object versions");
  const path = decode(encoded).replace(/^\//, "");
  const slash = path.indexOf("/");
  const bucket = path.slice(0, slash);
  const key = path.slice(slash + 1);
  if (slash < 1 || key === "") {
    throw invalidArgument(
      "x-amz-copy-source",
      header,
      "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
    );
  }
  requireKeyLength(key);
  const object = state.bucket(bucket).objects.get(key);
  if (object === undefined) throw new S3Error("NoSuchKey", { Key: key });
  requireCopyable(object, headers);
  return { bucket, object };
}
