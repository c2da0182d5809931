import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ToplineError } from "@topline/core/errors";
import { GlueError } from "./errors.ts";
import type { Execute } from "./execution.ts";
import { isObject, type Input } from "./input.ts";
import { JobRuns } from "./job-runs.ts";
import { type Glue, OPERATIONS } from "./operations.ts";
import { GlueStore } from "./store.ts";

export interface GlueServerOptions {
  /** Jobs, runs and logs; made when the first request comes. One server at a time may have it. */
  readonly directory: string;
  /** Default: any that is free. */
  readonly port?: number;
  /** How a run is carried out. */
  readonly execute: Execute;
  /** How long a minute of a job's `Timeout` lasts. Default: a minute. */
  readonly minuteMs?: number;
}

export interface GlueServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** Ends runs that are under way. */
  close(): Promise<void>;
}

const LARGEST_BODY = 4 * 1024 * 1024;
const TARGET = /^AWSGlue\.([A-Za-z]+)$/;

/**
 * A Glue for development: jobs and their runs, for whoever can reach the loopback interface. Signatures are not
 * checked. Operations that it does not do are answered `NotImplemented`.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE` when the port is taken
 */
export async function startGlueServer(options: GlueServerOptions): Promise<GlueServer> {
  const { directory, execute, minuteMs, port = 0 } = options;
  let opened: Glue | undefined;
  // Most harnesses see no job: nothing is read before one is asked for.
  const glue = () => {
    if (opened !== undefined) return opened;
    const store = GlueStore.open(directory);
    const runs = new JobRuns({ store, execute, ...(minuteMs === undefined ? {} : { minuteMs }) });
    return (opened = { store, runs });
  };
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, (incoming, out) => {
    void answer(glue, incoming, out);
  });
  await bind(server, port);

  const close = async () => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeAllConnections();
    await closed;
    await opened?.runs.close();
  };
  let closing: Promise<void> | undefined;
  const closeOnce = () => (closing ??= close());
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

function bind(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const message = `The embedded Glue server cannot listen on port ${port}: ${cause.message}.`;
      reject(new ToplineError("HARNESS_UNAVAILABLE", message, { cause }));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
}

/** Never throws: a client that has hung up hears nothing. */
async function answer(
  glue: () => Glue,
  incoming: IncomingMessage,
  out: ServerResponse,
): Promise<void> {
  let status = 200;
  let body: object;
  try {
    const operation = operationOf(incoming);
    body = operation(glue(), await inputOf(incoming));
  } catch (error) {
    const fault = asGlueError(error);
    status = fault.status;
    body = { __type: fault.name, Message: fault.message };
  }
  const text = JSON.stringify(body);
  out.writeHead(status, {
    "content-type": "application/x-amz-json-1.1",
    "content-length": new TextEncoder().encode(text).byteLength,
    "x-amzn-requestid": randomUUID(),
    server: "topline-glue-emulator",
  });
  out.end(text);
  // Whatever is left of a body that was refused is dropped, so that the connection can be used again.
  incoming.resume();
}

function operationOf({ headers, method }: IncomingMessage) {
  const target = headers["x-amz-target"];
  const [, name = ""] = TARGET.exec(typeof target === "string" ? target : "") ?? [];
  if (method !== "POST" || name === "") {
    throw new GlueError(
      "UnknownOperationException",
      `Expected a POST with X-Amz-Target: AWSGlue.<operation>, found ${method} with ${JSON.stringify(target ?? null)}.`,
    );
  }
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
  if (operation !== undefined) return operation;
  throw new GlueError("NotImplemented", `The embedded Glue does not do ${name}.`);
}

/** A body that is too large is read to its end, and dropped: a client that still sends hears no answer. */
async function inputOf(incoming: IncomingMessage): Promise<Input> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    if (text.length <= LARGEST_BODY) text += decoder.decode(chunk, { stream: true });
  }
  if (text.length > LARGEST_BODY) {
    throw new GlueError("SerializationException", "The body is too large.");
  }
  try {
    const input: unknown = JSON.parse(text);
    if (isObject(input)) return input;
  } catch {
    // Told below.
  }
  throw new GlueError("SerializationException", "The body is no JSON object.");
}

function asGlueError(error: unknown): GlueError {
  if (error instanceof GlueError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new GlueError("InternalServiceException", `The embedded Glue failed: ${message}`);
}
