import { Buffer } from "node:buffer";
import { type Answer, isoTime, xml } from "../answers.ts";
import { invalidArgument } from "../errors.ts";
import type { S3Request } from "../request.ts";
import type { State } from "../state.ts";
import { element, optional, xmlDocument } from "../xml.ts";
import { OWNER } from "./owner.ts";

/** S3: at most 10,000 a page, which is also what is meant by nothing. */
const MOST = 10_000;

/** A client that asks for anything in particular is told the regions, too. */
export async function listBuckets(state: State, { query }: S3Request): Promise<Answer> {
  const prefix = query.get("prefix");
  const region = query.get("bucket-region");
  const after = readToken(query.get("continuation-token"));
  const limit = readMost(query.get("max-buckets"));
  const buckets = [...state.buckets()]
    .filter(({ name }) => name.startsWith(prefix ?? "") && name > after)
    .filter((bucket) => region === undefined || bucket.region === region)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const page = buckets.slice(0, limit);
  const last = page.at(-1);
  const isPlain = [prefix, region, query.get("continuation-token"), query.get("max-buckets")].every(
    (parameter) => parameter === undefined,
  );
  return xml(
    xmlDocument("ListAllMyBucketsResult", [
      OWNER,
      element(
        "Buckets",
        page.map((bucket) =>
          element("Bucket", [
            element("Name", bucket.name),
            element("CreationDate", isoTime(bucket.created)),
            isPlain ? undefined : element("BucketRegion", bucket.region),
          ]),
        ),
      ),
      optional("Prefix", prefix),
      page.length < buckets.length && last !== undefined
        ? element("ContinuationToken", tokenAfter(last.name))
        : undefined,
    ]),
  );
}

function readMost(value: string | undefined): number {
  if (value === undefined) return MOST;
  if (/^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= MOST) return Number(value);
  throw invalidArgument("max-buckets", value, `max-buckets must be between 1 and ${MOST}.`);
}

const tokenAfter = (name: string) => Buffer.from(`after ${name}`).toString("base64url");

/** The name that the page begins after; none is before all. */
function readToken(token: string | undefined): string {
  if (token === undefined) return "";
  const name = /^after (.+)$/.exec(Buffer.from(token, "base64url").toString())?.[1];
  if (name !== undefined) return name;
  throw invalidArgument(
    "continuation-token",
    token,
    "The continuation token provided is incorrect",
  );
}
