import { request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { ToplineError } from "@topline/core";
import type { StateDirectory } from "./state-directory.ts";

/** A server that the harness runs. */
export interface HarnessPart {
  readonly endpoint: string;
  close(): Promise<void>;
  /** Resolves, with the reason, when the part ended without being closed. */
  readonly lost?: Promise<string>;
}

export interface PartOptions {
  /** Where the part keeps its state; the part makes it. */
  readonly directory: string;
  /** A free one where absent. */
  readonly port?: number;
}

/** How the parts are started; tests put others in. */
export interface PartStarters {
  startS3(options: PartOptions): Promise<HarnessPart>;
  startDynamo(options: PartOptions): Promise<HarnessPart>;
}

export interface RunningParts {
  readonly s3: HarnessPart;
  readonly dynamodb: HarnessPart;
  /** Resolves, with the reason, when one of them ended by itself. */
  readonly lost: Promise<string>;
  close(): Promise<void>;
}

export interface StartPartsOptions {
  readonly s3Port?: number;
  readonly timeoutMs: number;
}

/**
 * Starts all parts at once. When one fails, those that came up are closed again.
 *
 * @throws {ToplineError} the part's own fault; `HARNESS_UNAVAILABLE` for any other, and after `timeoutMs`
 */
export async function startParts(
  starters: PartStarters,
  state: StateDirectory,
  { s3Port, timeoutMs }: StartPartsOptions,
): Promise<RunningParts> {
  const start = (name: string, part: Promise<HarnessPart>) => inTime(name, part, timeoutMs);
  const port = s3Port === undefined ? {} : { port: s3Port };
  const [s3, dynamodb] = await Promise.allSettled([
    start("S3", starters.startS3({ directory: state.s3, ...port })),
    start("DynamoDB", starters.startDynamo({ directory: state.dynamodb })),
  ]);
  if (s3.status === "fulfilled" && dynamodb.status === "fulfilled") {
    return running(s3.value, dynamodb.value);
  }
  const started = [s3, dynamodb].filter((part) => part.status === "fulfilled");
  await Promise.allSettled(started.map((part) => part.value.close()));
  throw s3.status === "rejected" ? s3.reason : (dynamodb as PromiseRejectedResult).reason;
}

async function inTime(name: string, part: Promise<HarnessPart>, timeoutMs: number) {
  const patience = new AbortController();
  const late = delay(timeoutMs, undefined, { signal: patience.signal }).then(() => {
    throw new Error(`it was not ready after ${timeoutMs} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([part, late]);
  } catch (error) {
    if (error instanceof ToplineError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ToplineError(
      "HARNESS_UNAVAILABLE",
      `The embedded ${name} server did not come up: ${reason}`,
      { cause: error },
    );
  } finally {
    patience.abort();
  }
}

function running(s3: HarnessPart, dynamodb: HarnessPart): RunningParts {
  const lost = [s3.lost, dynamodb.lost].filter((part) => part !== undefined);
  return {
    s3,
    dynamodb,
    lost: Promise.race(lost),
    async close() {
      await Promise.allSettled([s3.close(), dynamodb.close()]);
    },
  };
}

/**
 * Makes a bucket unless it is there.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE` with the server's answer
 */
export async function makeBucket(endpoint: string, bucket: string): Promise<void> {
  const { status, text } = await put(new URL(`/${encodeURIComponent(bucket)}`, endpoint));
  // 409: it is ours already.
  if (status === 200 || status === 409) return;
  throw new ToplineError(
    "HARNESS_UNAVAILABLE",
    `The embedded S3 server answered ${status} when it was asked for bucket ${JSON.stringify(bucket)}: ${text}`,
  );
}

/** Not `fetch`, whose loading would be felt in the start of the harness. */
function put(url: URL): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: "PUT", agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    call.on("error", reject);
    call.end();
  });
}
