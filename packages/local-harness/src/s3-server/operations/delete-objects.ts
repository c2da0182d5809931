import { Buffer } from "node:buffer";
import { type Answer, xml } from "../answers.ts";
import { requireMatch } from "../conditions.ts";
import { notImplemented, S3Error } from "../errors.ts";
import { readDocument } from "../payload.ts";
import { bucketOf, objectOf, type S3Request } from "../request.ts";
import type { State } from "../state.ts";
import { element, nodes, text, type XmlNode, xmlDocument } from "../xml.ts";

const MOST_KEYS = 1000;

export async function deleteObject(state: State, request: S3Request): Promise<Answer> {
  const { bucket, key } = objectOf(request);
  remove(state, bucket, key, request.headers.get("if-match"));
  return { status: 204 };
}

/** Each key on its own: one that is refused does not keep the others. */
export async function deleteObjects(state: State, request: S3Request): Promise<Answer> {
  const bucket = bucketOf(request);
  state.bucket(bucket);
  requireDigest(request);
  const document = await readDocument(request, "Delete");
  const objects = nodes(document, "Object");
  if (objects.length === 0 || objects.length > MOST_KEYS) throw new S3Error("MalformedXML");
  const isQuiet = text(document, "Quiet")?.trim() === "true";

  const results = objects.map((object) => {
    const key = text(object, "Key");
    if (key === undefined || key === "") throw new S3Error("MalformedXML");
    return { key, object };
  });
  return xml(
    xmlDocument(
      "DeleteResult",
      results.map(({ key, object }) => {
        try {
          removeListed(state, bucket, key, object);
          return isQuiet ? undefined : element("Deleted", [element("Key", key)]);
        } catch (error) {
          if (!(error instanceof S3Error)) throw error;
          return element("Error", [
            element("Key", key),
            element("Code", error.code),
            element("Message", error.message),
          ]);
        }
      }),
    ),
  );
}

function removeListed(state: State, bucket: string, key: string, object: XmlNode): void {
  const unknown = Object.keys(object).find((name) => !["Key", "ETag", "#text"].includes(name));
  if (unknown !== undefined) throw notImplemented(`${unknown} in DeleteObjects`);
  if (Buffer.byteLength(key) > 1024) throw new S3Error("KeyTooLongError");
  remove(state, bucket, key, text(object, "ETag")?.trim());
}

/** Deleting what is not there is done, unless a certain object was to be deleted. */
function remove(state: State, bucket: string, key: string, match: string | undefined): void {
  const present = state.bucket(bucket).objects.get(key);
  if (match !== undefined) requireMatch(key, present, match);
  if (present !== undefined) state.commit({ op: "delete", bucket, key });
}

/** S3 deletes nothing by a list that it cannot check. */
function requireDigest({ headers }: S3Request): void {
  const names = [...headers.keys(), headers.get("x-amz-trailer") ?? ""];
  if (names.some((name) => name === "content-md5" || name.includes("x-amz-checksum-"))) return;
  throw new S3Error(
    "InvalidRequest",
    {},
    "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
  );
}
