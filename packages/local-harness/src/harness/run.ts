import { randomBytes } from "node:crypto";
import { pid } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { ToplineError } from "@topline/core";
import { IDENTITY } from "./endpoints.ts";
import { boundLog } from "./log.ts";
import type { Request } from "./messages.ts";
import {
  makeBucket,
  startParts,
  type HarnessPart,
  type PartStarters,
  type RunningParts,
} from "./parts.ts";
import { removeRecord, tellsOf, writeRecord } from "./record.ts";
import type { StateDirectory } from "./state-directory.ts";
import { admitUsers } from "./users.ts";

export interface RunHarnessOptions extends PartStarters {
  readonly state: StateDirectory;
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
  readonly startTimeoutMs?: number;
}

/** What a harness that ends leaves undone after this is left to the end of its process. */
const CLOSING_MS = 800;
const WATCH_MS = 500;

/**
 * The life of one harness, under its directory's lock: starts the parts, serves users until the last has
 * gone. Resolves when all is closed, or when whoever wanted it has gone before it came up.
 *
 * @throws {ToplineError} when it cannot come up
 */
export async function runHarness(options: RunHarnessOptions): Promise<void> {
  const { state, starter, stop } = options;
  const starting = startParts(options, state, {
    timeoutMs: options.startTimeoutMs ?? 10_000,
    ...(options.s3Port === undefined ? {} : { s3Port: options.s3Port }),
  });
  try {
    const parts = await Promise.race([starting, aborted(AbortSignal.any([starter, stop]))]);
    if (parts !== undefined) await serve(options, parts);
  } finally {
    const closed = starting.then((parts) => parts.close()).catch(() => {});
    await Promise.race([closed, delay(CLOSING_MS)]);
  }
}

async function serve(options: RunHarnessOptions, parts: RunningParts): Promise<void> {
  const { state } = options;
  const token = randomBytes(16).toString("hex");
  const s3 = parts.s3.endpoint;
  const dynamodb = parts.dynamodb.endpoint;

  const users = await admitUsers({
    token,
    starter: options.starter,
    graceMs: options.graceMs ?? 400,
    objection: (request) => objectToPort(request, parts.s3),
    async prepare({ bucket, makesBucket = true }) {
      if (makesBucket) await makeBucket(s3, bucket);
      return { s3, dynamodb, bucket, ...IDENTITY };
    },
  });
  try {
    await writeRecord(state.record, { pid, port: users.port, token, s3, dynamodb });
    options.onServing();
    options.log(`serving ${state.path}: S3 ${s3}, DynamoDB ${dynamodb}`);
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
  }
}

function objectToPort({ s3Port }: Request, { endpoint }: HarnessPart): ToplineError | undefined {
  if (s3Port === undefined || s3Port === Number(new URL(endpoint).port)) return undefined;
  return new ToplineError(
    "HARNESS_UNAVAILABLE",
    `S3 was asked for on port ${s3Port}, but the running harness of this state directory has it at ${endpoint} and is in use. End its users first, or ask for no port.`,
  );
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
