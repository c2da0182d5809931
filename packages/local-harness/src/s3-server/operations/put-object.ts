import { type Answer, quoted } from "../answers.ts";
import { checksumHeader } from "../checksums.ts";
import { requireWritable } from "../conditions.ts";
import { readDescription } from "../descriptions.ts";
import { openPayload, type Verified } from "../payload.ts";
import { type ObjectRecord, timestamp } from "../records.ts";
import { objectOf, type S3Request } from "../request.ts";
import type { State } from "../state.ts";

export async function putObject(state: State, request: S3Request): Promise<Answer> {
  const { bucket, key } = objectOf(request);
  // A put that cannot succeed need not send its body. What counts is the same check at the commit.
  requireWritable(key, state.bucket(bucket).objects.get(key), request.headers);
  const description = readDescription(request);
  const payload = openPayload(request);

  const segments = await state.files.write(payload.chunks);
  try {
    const { size, md5, checksum } = payload.verified();
    commitObject(state, bucket, request, {
      key,
      size,
      etag: md5,
      modified: timestamp(),
      ...description,
      checksum: checksum && { ...checksum, type: "FULL_OBJECT" },
      segments,
    });
    return { status: 200, headers: { ETag: quoted(md5), ...checksumHeaders(checksum) } };
  } finally {
    state.files.release(segments);
  }
}

/**
 * The one place where an object comes to be: by put, copy or upload. Its conditions are checked and it is written
 * in one go, so of any number of writers with `If-None-Match: *` exactly one finds the key free.
 */
export function commitObject(
  state: State,
  bucket: string,
  { headers }: S3Request,
  object: ObjectRecord,
  upload?: string,
): void {
  requireWritable(object.key, state.bucket(bucket).objects.get(object.key), headers);
  state.commit({ op: "put", bucket, object, upload });
}

export function checksumHeaders(checksum: Verified["checksum"]): Record<string, string> {
  return checksum === undefined ? {} : { [checksumHeader(checksum.algorithm)]: checksum.value };
}
