import { setTimeout as delay } from "node:timers/promises";
import { ToplineError } from "@topline/core/errors";
import type { EmbeddedDynamo } from "../dynamodb/index.ts";
import type { RunningParts, StartPartsOptions } from "./parts.ts";

/** A server that the harness runs by itself. */
export interface HarnessPart {
  readonly endpoint: string;
  close(): Promise<void>;
  /** Resolves, with the reason, when the part ended without being closed. */
  readonly lost?: Promise<string>;
  /** Which of several servers it is, where there is a choice. */
  readonly kind?: EmbeddedDynamo;
}

export interface PartOptions {
  /** Where the part keeps its state; the part makes it. */
  readonly directory: string;
  /** A free one where absent. */
  readonly port?: number;
}

/** How the servers are started; tests put others in. */
export interface PartStarters {
  startS3(options: PartOptions): Promise<HarnessPart>;
  startDynamo(options: PartOptions): Promise<HarnessPart>;
}

const PROGRESS_MS = 5_000;

/**
 * Starts both servers at once. When one fails, the one that came up is closed again.
 *
 * @throws {ToplineError} the part's own fault; `HARNESS_UNAVAILABLE` for any other, and after `timeoutMs`
 */
export async function startEmbedded(
  starters: PartStarters,
  { state, s3Port, onProgress }: Pick<StartPartsOptions, "state" | "s3Port" | "onProgress">,
  timeoutMs = 10_000,
): Promise<RunningParts> {
  const start = (name: string, part: Promise<HarnessPart>) => inTime(name, part, timeoutMs);
  const port = s3Port === undefined ? {} : { port: s3Port };
  const began = performance.now();
  // Java takes its time.
  const slow = setInterval(() => {
    onProgress(`starting, for ${Math.round((performance.now() - began) / 1000)} s`);
  }, PROGRESS_MS);
  const [s3, dynamodb] = await Promise.allSettled([
    start("S3", starters.startS3({ directory: state.s3, ...port })),
    start("DynamoDB", starters.startDynamo({ directory: state.dynamodb })),
  ]);
  clearInterval(slow);
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
    s3: s3.endpoint,
    dynamodb: dynamodb.endpoint,
    ...(dynamodb.kind === undefined ? {} : { dynamodbKind: dynamodb.kind }),
    lost: Promise.race(lost),
    async close() {
      await Promise.allSettled([s3.close(), dynamodb.close()]);
    },
  };
}
