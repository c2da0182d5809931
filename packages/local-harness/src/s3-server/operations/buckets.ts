import { type Answer, xml } from "../answers.ts";
import { notImplemented, S3Error } from "../errors.ts";
import { readText } from "../payload.ts";
import { timestamp } from "../records.ts";
import { bucketOf, type S3Request } from "../request.ts";
import type { State } from "../state.ts";
import { parseDocument, text, xmlDocument } from "../xml.ts";

const HOME_REGION = "us-east-1";

/** 3 to 63 of `a-z0-9.-`, letters or digits at both ends and beside every dot, and no IPv4 address. */
const NAME =
  /^(?=.{3,63}$)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** Again by the same owner: done already in the home region, a conflict elsewhere, as S3 has it. */
export async function createBucket(state: State, request: S3Request): Promise<Answer> {
  const name = bucketOf(request);
  if (!NAME.test(name)) throw new S3Error("InvalidBucketName", { BucketName: name });
  const region = await readRegion(await readText(request));
  const present = state.findBucket(name);
  if (present === undefined) {
    state.commit({ op: "create-bucket", bucket: { name, created: timestamp(), region } });
  } else if (present.region !== HOME_REGION || region !== HOME_REGION) {
    throw new S3Error("BucketAlreadyOwnedByYou", { BucketName: name });
  }
  return { status: 200, headers: { Location: `/${name}` } };
}

async function readRegion(document: string): Promise<string> {
  if (document.trim() === "") return HOME_REGION;
  const node = await parseDocument(document, "CreateBucketConfiguration");
  const unknown = Object.keys(node).find(
    (name) => name !== "LocationConstraint" && name !== "#text",
  );
  if (unknown !== undefined) throw notImplemented(`${unknown} in CreateBucketConfiguration`);
  return text(node, "LocationConstraint")?.trim() || HOME_REGION;
}

export async function headBucket(state: State, request: S3Request): Promise<Answer> {
  const { region } = state.bucket(bucketOf(request));
  return { status: 200, headers: { "x-amz-bucket-region": region } };
}

/** The home region is told by saying nothing. */
export async function getBucketLocation(state: State, request: S3Request): Promise<Answer> {
  const { region } = state.bucket(bucketOf(request));
  return xml(xmlDocument("LocationConstraint", region === HOME_REGION ? "" : region));
}

/** No bucket keeps versions, nor ever has: an answer that says nothing says so. */
export async function getBucketVersioning(state: State, request: S3Request): Promise<Answer> {
  state.bucket(bucketOf(request));
  return xml(xmlDocument("VersioningConfiguration", ""));
}

/** Uploads that were never completed do not keep a bucket. */
export async function deleteBucket(state: State, request: S3Request): Promise<Answer> {
  const { name, objects } = state.bucket(bucketOf(request));
  if (objects.size > 0) throw new S3Error("BucketNotEmpty", { BucketName: name });
  state.commit({ op: "delete-bucket", bucket: name });
  return { status: 204 };
}
