import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { bodyOf } from "../loopback/body.ts";
import { listenOnLoopback, stopListening } from "../loopback/listening.ts";
import type { ApiAnswer, LambdaApi, LambdaApiOptions } from "./api.ts";
import { LambdaError } from "./errors.ts";

export interface LambdaServerOptions extends LambdaApiOptions {
  /** Functions and logs; made when the first request comes. One server at a time may have it. */
  readonly directory: string;
  /** Default: any that is free. */
  readonly port?: number;
}

export interface LambdaServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** Ends invocations that are under way. */
  close(): Promise<void>;
}

/** That of a synchronous invocation: 6 MB. */
const LARGEST_BODY = 6 * 1024 ** 2;

/**
 * A Lambda for development: functions whose handlers lie in folders of this machine, for whoever can reach the
 * loopback interface. Signatures are not checked. Operations that it does not do are answered `NotImplemented`.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE` when the port is taken
 */
export async function startLambdaServer({
  port = 0,
  ...options
}: LambdaServerOptions): Promise<LambdaServer> {
  let api: Promise<LambdaApi> | undefined;
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, (incoming, out) => {
    // Most harnesses see no function: nothing is loaded or read before one is asked for.
    api ??= import("./api.ts").then(({ openLambdaApi }) => openLambdaApi(options));
    // What could not be opened may be mended: the next request tries again.
    api.catch(() => (api = undefined));
    void respond(api, incoming, out);
  });
  const endpoint = await listenOnLoopback(server, "Lambda", port);

  const close = async () => {
    await stopListening(server);
    await (await api?.catch(() => undefined))?.close();
  };
  let closing: Promise<void> | undefined;
  const closeOnce = () => (closing ??= close());
  return { endpoint, close: closeOnce, [Symbol.asyncDispose]: closeOnce };
}

/** Never throws: a client that has hung up hears nothing. */
async function respond(
  api: Promise<LambdaApi>,
  incoming: IncomingMessage,
  out: ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  const answer = await answerOf(api, incoming, requestId).catch(asAnswer);
  const { status, headers = {}, body } = answer;
  const isRaw = body === undefined || body instanceof Uint8Array;
  const content = isRaw ? body : new TextEncoder().encode(JSON.stringify(body));
  out.writeHead(status, {
    ...(isRaw ? {} : { "content-type": "application/json" }),
    ...(content === undefined ? {} : { "content-length": content.byteLength }),
    "x-amzn-requestid": requestId,
    server: "topline-lambda-emulator",
    ...headers,
  });
  out.end(content);
}

async function answerOf(
  api: Promise<LambdaApi>,
  incoming: IncomingMessage,
  requestId: string,
): Promise<ApiAnswer> {
  const { method = "", headers } = incoming;
  const { size, content } = await bodyOf(incoming, LARGEST_BODY);
  const url = new URL(incoming.url ?? "/", "http://127.0.0.1");
  const body = content === undefined ? {} : { body: content };
  return (await api).answer({ method, url, headers, size, requestId, ...body });
}

function asAnswer(error: unknown): ApiAnswer {
  const message = error instanceof Error ? error.message : String(error);
  const fault =
    error instanceof LambdaError
      ? error
      : new LambdaError("ServiceException", `The embedded Lambda failed: ${message}`);
  return {
    status: fault.status,
    headers: { "x-amzn-errortype": fault.name },
    body: fault.body,
  };
}
