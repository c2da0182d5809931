import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { ToplineError } from "@topline/core/errors";
import type { Answer } from "./answers.ts";
import { S3Error } from "./errors.ts";
import { readRequest } from "./request.ts";
import { operationOf } from "./routes.ts";
import { State } from "./state.ts";
import { refuseUnreadable } from "./unreadable.ts";
import { errorDocument } from "./xml.ts";

export interface S3ServerOptions {
  /** Made if it is not there. Belongs to one running server at a time: the caller sees to that. */
  readonly directory: string;
  /** Default: any that is free. */
  readonly port?: number;
  /** Loopback and nothing else: the server lets everybody do everything. */
  readonly host?: "127.0.0.1";
}

export interface S3Server extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, for path-style addressing. */
  readonly endpoint: string;
  /** Cuts requests that are under way; what was answered stays. */
  close(): Promise<void>;
}

const LARGEST_HEADERS = 64 * 1024;

/**
 * An S3 for development: objects on disk, for whoever can reach the loopback interface.
 *
 * Signatures, presigned ones included, are not checked, and neither is their expiry. What was answered survives
 * the end of the process, SIGKILL included, but is not flushed to disk: a loss of power may take it. Operations,
 * parameters and headers that it does not know are answered `NotImplemented`.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE` when the port is taken; `STATE_CORRUPT` when the directory holds
 * something else
 */
export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const { directory, port = 0, host = "127.0.0.1" } = options;
  const state = await State.open(directory);
  const underWay = new Set<Promise<void>>();
  const listen = (awaitsContinue: boolean) => (incoming: IncomingMessage, out: ServerResponse) => {
    const handled = handle(state, incoming, out, awaitsContinue).finally(() => {
      underWay.delete(handled);
    });
    underWay.add(handled);
  };
  const server = createServer({
    maxHeaderSize: LARGEST_HEADERS,
    // A body takes as long as it takes, and an idle client of a development server is no burden.
    requestTimeout: 0,
    keepAliveTimeout: 0,
    // Missed where the others are, by an answer of S3's.
    requireHostHeader: false,
  });
  server.on("request", listen(false)).on("checkContinue", listen(true));
  server.on("checkExpectation", listen(false));
  // Every answer that waits for its turn listens for the end of the connection.
  server.on("connection", (socket) => socket.setMaxListeners(0));
  refuseUnreadable(server);

  const close = async () => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeAllConnections();
    await closed;
    await Promise.all(underWay);
    await state.close();
  };
  try {
    await bind(server, port, host);
  } catch (error) {
    await state.close();
    throw error;
  }
  let closing: Promise<void> | undefined;
  const closeOnce = () => (closing ??= close());
  return {
    endpoint: `http://${host}:${(server.address() as AddressInfo).port}`,
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

function bind(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      reject(
        new ToplineError(
          "HARNESS_UNAVAILABLE",
          `The embedded S3 server cannot listen on ${host}:${port}: ${cause.message}. Choose another port, or 0 for any that is free.`,
          { cause },
        ),
      );
    });
    server.listen(port, host, resolve);
  });
}

/** Answers one request. Never throws: what cannot be answered any more ends its connection. */
async function handle(
  state: State,
  incoming: IncomingMessage,
  out: ServerResponse,
  awaitsContinue: boolean,
): Promise<void> {
  const id = randomBytes(8).toString("hex").toUpperCase();
  out.setHeader("x-amz-request-id", id);
  out.setHeader("Server", "topline-s3-emulator");
  let isContinued = false;
  const letContinue = () => {
    if (awaitsContinue && !isContinued) out.writeContinue();
    isContinued = true;
  };

  let answer: Answer;
  try {
    const request = readRequest(incoming, id, letContinue);
    answer = await operationOf(request)(state, request);
  } catch (error) {
    answer = refusal(asS3Error(error), incoming, id);
  }
  // A client that was not told to go on sends no body, so that nothing more can be read here.
  if (awaitsContinue && !isContinued) out.setHeader("Connection", "close");
  try {
    await send(answer, incoming, out);
  } catch {
    out.destroy();
  } finally {
    answer.release?.();
    // Whatever is left of a refused body is read and dropped, so that the connection can be used again.
    incoming.resume();
  }
}

async function send(answer: Answer, incoming: IncomingMessage, out: ServerResponse): Promise<void> {
  const { status, headers = {}, body } = answer;
  out.statusCode = status;
  for (const [name, value] of Object.entries(headers)) out.setHeader(name, value);
  if (body === undefined || typeof body === "string") {
    const text = incoming.method === "HEAD" ? undefined : body;
    if (text !== undefined)
      out.setHeader("Content-Length", new TextEncoder().encode(text).byteLength);
    else if (status === 200 && incoming.method !== "HEAD") out.setHeader("Content-Length", 0);
    out.end(text);
    return;
  }
  for await (const chunk of body) await written(chunk, incoming.socket, out);
  out.end();
}

/**
 * Resolves once the chunk has left, since its memory may be used again then.
 * The socket tells of a client that hung up: an answer that still waits behind another on it hears of nothing.
 */
function written(chunk: Uint8Array, socket: Socket, out: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error | null) => {
      socket.off("close", hungUp);
      if (error) reject(error);
      else resolve();
    };
    const hungUp = () => settle(new Error("The client hung up."));
    if (socket.destroyed) return hungUp();
    socket.once("close", hungUp);
    out.write(chunk, settle);
  });
}

function refusal(error: S3Error, { url = "", method }: IncomingMessage, id: string): Answer {
  const { code, message, status, details } = error;
  const headers: Record<string, string> = { "Content-Type": "application/xml" };
  if (code === "InvalidRange") headers["Content-Range"] = `bytes */${details["ActualObjectSize"]}`;
  if (method === "HEAD") return { status, headers };
  const Resource = url.split("?", 1)[0] ?? "";
  const body = { Code: code, Message: message, ...details, Resource, RequestId: id, HostId: id };
  return { status, headers, body: errorDocument(body) };
}

function asS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new S3Error("InternalError", {}, `The embedded S3 server failed: ${message}`);
}
