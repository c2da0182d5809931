import { request } from "node:http";
import { ToplineError } from "@topline/core/errors";
import type { EmbeddedDynamo } from "../dynamodb/index.ts";
import type { HarnessContainers } from "./backend.ts";
import type { StateDirectory } from "./state-directory.ts";

/** S3 and DynamoDB, running, however a backend runs them. */
export interface RunningParts {
  /** Endpoints. */
  readonly s3: string;
  readonly dynamodb: string;
  /** Where the backend has a choice. */
  readonly dynamodbKind?: EmbeddedDynamo;
  /** Where the backend runs containers. */
  readonly containers?: HarnessContainers;
  /** S3 knows no conditional delete: only in a bucket that keeps versions can an object be deleted safely. */
  readonly wantsVersions?: boolean;
  /** Resolves, with the reason, when one of them ended without being closed. */
  readonly lost: Promise<string>;
  close(): Promise<void>;
}

export interface StartPartsOptions {
  readonly state: StateDirectory;
  /** A free one where absent. */
  readonly s3Port?: number;
  /** Aborts when nobody waits for the parts any more: what was begun is to be undone. */
  readonly signal: AbortSignal;
  /** For whoever waits: what is being done that takes long. */
  onProgress(message: string): void;
}

/**
 * How a backend starts its parts; all or none of them run afterwards.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE`
 */
export type StartParts = (options: StartPartsOptions) => Promise<RunningParts>;

/**
 * Makes a bucket unless it is there.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE` with the server's answer
 */
export async function makeBucket(
  { s3, wantsVersions = false }: Pick<RunningParts, "s3" | "wantsVersions">,
  bucket: string,
): Promise<void> {
  const url = new URL(`/${encodeURIComponent(bucket)}`, s3);
  const requests = [
    () => put(url),
    ...(wantsVersions ? [() => put(versioningOf(url), VERSIONS)] : []),
  ];
  for (const request of requests) {
    const { status, text } = await request();
    // 409: it is ours already.
    if (status === 200 || status === 409) continue;
    throw new ToplineError(
      "HARNESS_UNAVAILABLE",
      `The S3 server answered ${status} when it was asked for bucket ${JSON.stringify(bucket)}: ${text}`,
    );
  }
}

const versioningOf = (bucket: URL) => new URL("?versioning", bucket);
const VERSIONS = `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>`;

/** Not `fetch`, whose loading would be felt in the start of the harness. */
function put(url: URL, body = ""): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: "PUT", agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    call.on("error", reject);
    call.end(body);
  });
}
