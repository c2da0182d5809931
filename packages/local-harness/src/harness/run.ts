import { randomBytes } from "node:crypto";
import { pid } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import type { HarnessBackend } from "./backend.ts";
import { IDENTITY } from "./endpoints.ts";
import { boundLog } from "./log.ts";
import { objectTo } from "./objection.ts";
import { makeBucket, type RunningParts, type StartParts } from "./parts.ts";
import { startGlueOf } from "./glue.ts";
import { startLambdaOf } from "./lambda.ts";
import { removeProgress, writeProgress } from "./progress.ts";
import { removeRecord, tellsOf, writeRecord } from "./record.ts";
import type { StateDirectory } from "./state-directory.ts";
import { admitUsers } from "./users.ts";

export interface RunHarnessOptions {
  readonly state: StateDirectory;
  readonly backend: HarnessBackend;
  readonly start: StartParts;
  readonly s3Port?: number;
  /** Aborts when the process that started this one has let go of it. */
  readonly starter: AbortSignal;
  /** Ends the harness whoever uses it. */
  readonly stop: AbortSignal;
  /** Called once users can come. */
  onServing(): void;
  log(message: string): void;
  /** How long it outlives its last user. */
  readonly graceMs?: number;
  /** What a harness that ends leaves undone after this is left to the end of its process. */
  readonly closingMs?: number;
}

const WATCH_MS = 500;
const CLOSING_MS = 800;

/**
 * The life of one harness, under its directory's lock: starts the parts, serves users until the last has
 * gone. Resolves when all is closed, or when whoever wanted it has gone before it came up.
 *
 * @throws {ToplineError} when it cannot come up
 */
export async function runHarness(options: RunHarnessOptions): Promise<void> {
  const { state, s3Port, starter, stop, closingMs = CLOSING_MS } = options;
  const signal = AbortSignal.any([starter, stop]);
  const progress = tellProgress(state);
  const starting = options.start({
    state,
    signal,
    onProgress: (message) => progress.tell(message),
    ...(s3Port === undefined ? {} : { s3Port }),
  });
  try {
    const parts = await Promise.race([starting, aborted(signal)]);
    await progress.end();
    if (parts !== undefined) await serve(options, parts);
  } finally {
    const closed = starting.then((parts) => parts.close()).catch(() => {});
    await Promise.race([closed, delay(closingMs)]);
    await progress.end();
  }
}

async function serve(options: RunHarnessOptions, parts: RunningParts): Promise<void> {
  const { state, backend } = options;
  const token = randomBytes(16).toString("hex");
  const { s3, dynamodb, containers } = parts;
  const glueServer = await startGlueOf(state, parts);
  const glue = glueServer.endpoint;
  const lambdaServer = await startLambdaOf(state, { s3, dynamodb, glue });
  const lambda = lambdaServer.endpoint;

  const users = await admitUsers({
    token,
    starter: options.starter,
    graceMs: options.graceMs ?? 400,
    objection: (request) => objectTo(request, backend, parts),
    async prepare({ bucket, makesBucket = true }) {
      if (makesBucket) await makeBucket(parts, bucket);
      const endpoints = { s3, dynamodb, glue, lambda, bucket, ...IDENTITY };
      return { endpoints, ...(containers === undefined ? {} : { containers }) };
    },
  });
  try {
    const { port } = users;
    await writeRecord(state.record, { pid, port, token, s3, dynamodb, glue, lambda, backend });
    options.onServing();
    options.log(
      `serving ${state.path}: S3 ${s3}, DynamoDB ${dynamodb}, Glue ${glue}, Lambda ${lambda}`,
    );
    using watch = watchState(state, token);
    const reason = await Promise.race([
      users.gone.then(() => "nobody uses it any more"),
      aborted(options.stop).then(() => "it was told to stop"),
      parts.lost.then((reason) => `a part of it ended: ${reason}`),
      watch.disowned.then(() => "its state directory was deleted or taken over"),
    ]);
    options.log(`ending: ${reason}`);
  } finally {
    // First nobody is let in any more, then nobody is sent here.
    await users.dismiss();
    if (await tellsOf(state.record, token)) await removeRecord(state.record);
    const closed = Promise.all([glueServer.close(), lambdaServer.close()]);
    await Promise.race([closed, delay(options.closingMs ?? CLOSING_MS)]);
  }
}

/** Tells those who wait, in order, and leaves nothing behind that would mislead the next. */
function tellProgress({ progress }: StateDirectory) {
  let told = removeProgress(progress);
  let isTold = false;
  let isOver = false;
  return {
    tell(message: string) {
      if (isOver) return;
      isTold = true;
      told = told.then(() => writeProgress(progress, message));
    },
    async end() {
      isOver = true;
      await told;
      if (isTold) await removeProgress(progress);
      isTold = false;
    },
  };
}

/** Notices that the directory no longer tells of this harness, and keeps the log within bounds. */
function watchState(state: StateDirectory, token: string) {
  const { promise: disowned, resolve } = Promise.withResolvers<void>();
  const look = async () => {
    if (!(await tellsOf(state.record, token))) resolve();
    await boundLog(state.log);
  };
  const timer = setInterval(() => void look(), WATCH_MS);
  return { disowned, [Symbol.dispose]: () => clearInterval(timer) };
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
