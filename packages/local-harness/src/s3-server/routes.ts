import type { Answer } from "./answers.ts";
import { notImplemented, S3Error } from "./errors.ts";
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
} from "./operations/buckets.ts";
import { completeUpload } from "./operations/complete-upload.ts";
import { copyObject } from "./operations/copy-object.ts";
import { deleteObject, deleteObjects } from "./operations/delete-objects.ts";
import { getObject } from "./operations/get-object.ts";
import { listBuckets } from "./operations/list-buckets.ts";
import { listObjects, listObjectsV2 } from "./operations/list-objects.ts";
import { listParts, listUploads } from "./operations/list-uploads.ts";
import { putObject } from "./operations/put-object.ts";
import { uploadPart, uploadPartCopy } from "./operations/upload-part.ts";
import { abortUpload, createUpload } from "./operations/uploads.ts";
import type { S3Request } from "./request.ts";
import type { State } from "./state.ts";

/** Which operation a request asks for. Whatever is not in these tables is refused, never ignored. */

type Operation = (state: State, request: S3Request) => Promise<Answer>;

interface Route {
  /** As S3 calls the operation, and SDKs do in `x-id`. */
  readonly name: string;
  readonly method: string;
  readonly target: "service" | "bucket" | "object";
  /** Query parameters, or `x-amz-copy-source`, that must be there. */
  readonly marks?: readonly string[];
  /** Further query parameters that the operation understands. */
  readonly query?: readonly string[];
  readonly operation: Operation;
}

const LISTING = ["prefix", "delimiter", "max-keys", "encoding-type"];
const OVERRIDES = [
  "response-cache-control",
  "response-content-disposition",
  "response-content-encoding",
  "response-content-language",
  "response-content-type",
  "response-expires",
];
const COPY = "x-amz-copy-source";

/** The first that fits: those with marks stand before those without. */
const ROUTES: readonly Route[] = [
  {
    name: "ListBuckets",
    method: "GET",
    target: "service",
    query: ["prefix", "max-buckets", "continuation-token", "bucket-region"],
    operation: listBuckets,
  },

  { name: "CreateBucket", method: "PUT", target: "bucket", operation: createBucket },
  { name: "HeadBucket", method: "HEAD", target: "bucket", operation: headBucket },
  { name: "DeleteBucket", method: "DELETE", target: "bucket", operation: deleteBucket },
  {
    name: "GetBucketLocation",
    method: "GET",
    target: "bucket",
    marks: ["location"],
    operation: getBucketLocation,
  },
  {
    name: "GetBucketVersioning",
    method: "GET",
    target: "bucket",
    marks: ["versioning"],
    operation: getBucketVersioning,
  },
  {
    name: "ListMultipartUploads",
    method: "GET",
    target: "bucket",
    marks: ["uploads"],
    query: [
      "prefix",
      "delimiter",
      "max-uploads",
      "encoding-type",
      "key-marker",
      "upload-id-marker",
    ],
    operation: listUploads,
  },
  {
    name: "ListObjectsV2",
    method: "GET",
    target: "bucket",
    marks: ["list-type"],
    query: [...LISTING, "continuation-token", "start-after", "fetch-owner"],
    operation: listObjectsV2,
  },
  {
    name: "ListObjects",
    method: "GET",
    target: "bucket",
    query: [...LISTING, "marker"],
    operation: listObjects,
  },
  {
    name: "DeleteObjects",
    method: "POST",
    target: "bucket",
    marks: ["delete"],
    operation: deleteObjects,
  },

  {
    name: "ListParts",
    method: "GET",
    target: "object",
    marks: ["uploadId"],
    query: ["max-parts", "part-number-marker", "encoding-type"],
    operation: listParts,
  },
  { name: "GetObject", method: "GET", target: "object", query: OVERRIDES, operation: getObject },
  { name: "HeadObject", method: "HEAD", target: "object", query: OVERRIDES, operation: getObject },
  {
    name: "UploadPartCopy",
    method: "PUT",
    target: "object",
    marks: ["uploadId", "partNumber", COPY],
    operation: uploadPartCopy,
  },
  {
    name: "UploadPart",
    method: "PUT",
    target: "object",
    marks: ["uploadId", "partNumber"],
    operation: uploadPart,
  },
  { name: "CopyObject", method: "PUT", target: "object", marks: [COPY], operation: copyObject },
  { name: "PutObject", method: "PUT", target: "object", operation: putObject },
  {
    name: "CreateMultipartUpload",
    method: "POST",
    target: "object",
    marks: ["uploads"],
    operation: createUpload,
  },
  {
    name: "CompleteMultipartUpload",
    method: "POST",
    target: "object",
    marks: ["uploadId"],
    operation: completeUpload,
  },
  {
    name: "AbortMultipartUpload",
    method: "DELETE",
    target: "object",
    marks: ["uploadId"],
    operation: abortUpload,
  },
  { name: "DeleteObject", method: "DELETE", target: "object", operation: deleteObject },
];

/** @throws {S3Error} `NotImplemented` */
export function operationOf(request: S3Request): Operation {
  const route = routeOf(request);
  if (route === undefined) {
    throw notImplemented(`${request.method} on a ${targetOf(request)} in this form`);
  }
  requireNamed(request, route);
  requireKnownQuery(request, route);
  requireKnownHeaders(request);
  return route.operation;
}

/** As S3 calls it, where this server knows it. */
export const operationName = (request: S3Request): string | undefined => routeOf(request)?.name;

function routeOf(request: S3Request): Route | undefined {
  const target = targetOf(request);
  return ROUTES.find(
    ({ method, target: routed, marks = [] }) =>
      method === request.method && routed === target && marks.every((mark) => has(request, mark)),
  );
}

function targetOf({ bucket, key }: S3Request): Route["target"] {
  if (bucket === undefined) return "service";
  if (bucket === "") throw new S3Error("InvalidBucketName", { BucketName: "" });
  return key === undefined ? "bucket" : "object";
}

const has = ({ query, headers }: S3Request, mark: string) =>
  mark === COPY ? headers.has(mark) : query.has(mark);

/** S3 tells some operations apart by the host they are sent to: here all of them come to the same one. */
function requireNamed({ query }: S3Request, { name }: Route): void {
  const asked = query.get("x-id");
  if (asked !== undefined && asked !== name) throw notImplemented(asked);
}

/** What names the call, and the older signature of presigned URLs, which boto3 still makes. */
const BESIDES = new Set(["x-id", "AWSAccessKeyId", "Signature", "Expires"]);

/** Subresources (`?acl`, `?versions`) and parameters (`partNumber`, `versionId`) that a route does not name. */
function requireKnownQuery({ query }: S3Request, { marks = [], query: known = [] }: Route): void {
  for (const name of query.keys()) {
    // Parameters that begin with x-amz- count as headers.
    if (BESIDES.has(name) || /^x-amz-/i.test(name)) continue;
    if (!marks.includes(name) && !known.includes(name)) {
      throw notImplemented(`the query parameter ${name} here`);
    }
  }
}

const ANY = /^/;

/** `x-amz-` headers that are understood, or change nothing here, with the values of which that is true. */
const HEADERS: ReadonlyMap<string, RegExp> = new Map([
  ...[
    "algorithm",
    "content-sha256",
    "credential",
    "date",
    "expires",
    "request-payer",
    "security-token",
    "signature",
    "signedheaders",
    "user-agent",
    "checksum-algorithm",
    "checksum-mode",
    "checksum-type",
    "copy-source",
    "copy-source-if-match",
    "copy-source-if-modified-since",
    "copy-source-if-none-match",
    "copy-source-if-unmodified-since",
    "copy-source-range",
    "decoded-content-length",
    "metadata-directive",
    "mp-object-size",
    "sdk-checksum-algorithm",
    "tagging-directive",
    "trailer",
  ].map((name) => [`x-amz-${name}`, ANY] as const),
  ["x-amz-acl", /^(private|bucket-owner-full-control)$/],
  ["x-amz-object-ownership", /^BucketOwnerEnforced$/],
  ["x-amz-storage-class", /^STANDARD$/],
]);

function requireKnownHeaders({ headers }: S3Request): void {
  for (const [name, value] of headers) {
    if (name === "expect" && value.toLowerCase() !== "100-continue") {
      throw notImplemented(`the header Expect: ${value}`);
    }
    if (!name.startsWith("x-amz-") || name.startsWith("x-amz-meta-")) continue;
    // Checksums that are not known are refused where bodies are read.
    if (name.startsWith("x-amz-checksum-")) continue;
    if (HEADERS.get(name)?.test(value) !== true)
      throw notImplemented(`the header ${name}: ${value}`);
  }
}
