import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { ToplineError } from "@topline/core/errors";
import { spawnTied, type TiedChild } from "./child.ts";

export interface StartDynamoOptions {
  /** Made if need be; the tables are kept there, in one file. One server at a time may have it. */
  readonly directory: string;
  /** Default: whichever is free. */
  readonly port?: number;
}

/** A DynamoDB endpoint on this machine that ends, at the latest, with this process. */
export interface DynamoServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  readonly pid: number;
  /** Resolves, with the reason, when the server ended without being closed. */
  readonly lost: Promise<string>;
  close(): Promise<void>;
}

/** A program that serves DynamoDB, and how it is known to be up. */
export interface DynamoProgram {
  /** For messages: `The embedded DynamoDB on … did not come up`. */
  readonly where: string;
  readonly program: string;
  args(port: number): readonly string[];
  readonly readyMs: number;
  /** Resolves to whether the child answers; false, or a rejection, once it has ended. */
  answers(child: TiedChild, endpoint: string, signal: AbortSignal): Promise<boolean>;
  /** Of what it wrote, when it did not come up. */
  isPortTaken(output: string): boolean;
  /** What to do next, for some ends. */
  remedy?(end: string, output: string): string | undefined;
}

const CLOSE_MS = 1_000;
const PORT_ATTEMPTS = 5;

class PortTaken extends Error {}

/** @throws {ToplineError} `HARNESS_UNAVAILABLE` with what the program wrote */
export async function serveByChild(program: DynamoProgram, port?: number): Promise<DynamoServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(program, port ?? (await freePort()));
    } catch (error) {
      // A port that was free when it was looked for may be taken when the server comes to it.
      const mayTryAnother = port === undefined && attempt < PORT_ATTEMPTS;
      if (!(error instanceof PortTaken)) throw error;
      if (!mayTryAnother) throw unavailable(error.message);
    }
  }
}

async function start(spec: DynamoProgram, port: number): Promise<DynamoServer> {
  const { where, program, readyMs } = spec;
  const child = await spawnTied(program, spec.args(port)).catch((error: unknown) => {
    throw unavailable(`${program} cannot be started: ${String(error)}.`);
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const patience = new AbortController();
  const late = setTimeout(() => child.kill("SIGKILL"), readyMs);
  void child.ended.then(() => patience.abort());
  try {
    if (await spec.answers(child, endpoint, patience.signal)) return server(child, endpoint);
  } catch {
    // It ended, by itself or because it was late: told below.
  } finally {
    clearTimeout(late);
  }
  child.kill("SIGKILL");
  const end = await child.ended;
  const output = child.stderr().trim();
  if (spec.isPortTaken(output)) {
    throw new PortTaken(`Port ${port} is taken. Choose another, or none for a free one.`);
  }
  const said = output === "" ? "It wrote nothing." : `It wrote: ${output}`;
  const remedy = spec.remedy?.(end, output);
  throw unavailable(
    `The embedded DynamoDB on ${where} did not come up (${end}). ${remedy === undefined ? "" : `${remedy} `}${said}`,
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

export const unavailable = (message: string, cause?: unknown) =>
  new ToplineError("HARNESS_UNAVAILABLE", message, { cause });
