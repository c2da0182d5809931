import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ToplineError } from "@topline/core/errors";
import { dynoxideBinary } from "./binary.ts";
import { spawnTied, type TiedChild } from "./child.ts";
import { answersListTables } from "./ready.ts";

export interface StartDynoxideOptions {
  /** Made if need be; the tables are kept there, in one file. One server at a time may have it. */
  readonly directory: string;
  /** Default: whichever is free. */
  readonly port?: number;
}

/** A DynamoDB endpoint on loopback that ends, at the latest, with this process. */
export interface DynamoServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  readonly pid: number;
  /** Resolves, with the reason, when the server ended without being closed. */
  readonly lost: Promise<string>;
  close(): Promise<void>;
}

const READY_MS = 10_000;
const CLOSE_MS = 1_000;
const PORT_ATTEMPTS = 5;

/**
 * Starts the emulator and waits until it answers.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE`: no binary for this platform, the port is taken, or it
 * did not come up; with what it wrote
 */
export async function startDynoxide(options: StartDynoxideOptions): Promise<DynamoServer> {
  const binary = dynoxideBinary();
  await mkdir(options.directory, { recursive: true });
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(binary, options.directory, options.port ?? (await freePort()));
    } catch (error) {
      // A port that was free when it was looked for may be taken when the server comes to it.
      const mayTryAnother = options.port === undefined && attempt < PORT_ATTEMPTS;
      if (!(error instanceof PortTaken)) throw error;
      if (!mayTryAnother) throw unavailable(error.message);
    }
  }
}

class PortTaken extends Error {}

async function start(binary: string, directory: string, port: number): Promise<DynamoServer> {
  const path = join(directory, "dynamodb.sqlite");
  const args = ["serve", "--host", "127.0.0.1", "--port", String(port), "--db-path", path];
  const child = await spawnTied(binary, args).catch((error: unknown) => {
    throw unavailable(`${binary} cannot be started: ${String(error)}.`);
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const patience = new AbortController();
  const late = setTimeout(() => child.kill("SIGKILL"), READY_MS);
  void child.ended.then(() => patience.abort());
  try {
    // What answers on the port is this child only if it says that it listens.
    if (await child.wrote(`listening on ${endpoint}`)) {
      await answersListTables(endpoint, patience.signal);
      return server(child, endpoint);
    }
  } catch {
    // It ended, by itself or because it was late: told below.
  } finally {
    clearTimeout(late);
  }
  child.kill("SIGKILL");
  const end = await child.ended;
  const output = child.stderr().trim();
  if (output.includes("already in use")) {
    throw new PortTaken(`Port ${port} is taken. Choose another, or none for a free one.`);
  }
  throw unavailable(
    `The embedded DynamoDB on ${path} did not come up (${end}). ${output === "" ? "It wrote nothing." : `It wrote: ${output}`}`,
  );
}

function server(child: TiedChild, endpoint: string): DynamoServer {
  let isClosed = false;
  const lost = child.ended.then((end) =>
    isClosed
      ? new Promise<never>(() => {})
      : `the embedded DynamoDB ended (${end}): ${child.stderr().trim()}`,
  );
  const close = async () => {
    isClosed = true;
    child.kill("SIGTERM");
    // It waits for open connections to end; what was acknowledged is on disk already.
    const patience = new AbortController();
    void child.ended.then(() => patience.abort());
    await delay(CLOSE_MS, undefined, { signal: patience.signal }).catch(() => {});
    child.kill("SIGKILL");
    await child.ended;
  };
  return { endpoint, pid: child.pid, lost, close, [Symbol.asyncDispose]: close };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

const unavailable = (message: string) => new ToplineError("HARNESS_UNAVAILABLE", message);
